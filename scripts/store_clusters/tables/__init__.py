"""What lies between rules: contracts, reading and writing, matrices of stores by features."""
