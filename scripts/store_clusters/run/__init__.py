"""How a job runs: its log, errors, seeds, the digest of its code, its configuration."""
