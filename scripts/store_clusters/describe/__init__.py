"""What clusters are, in numbers and in words."""
