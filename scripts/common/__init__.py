"""What every script needs: table I/O against contracts, inputs as they come, logs, seeds."""
