"""Say what the final clusters are."""
