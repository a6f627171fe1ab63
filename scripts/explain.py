"""Say why every store is where it is."""
