"""The statistics: pure functions on arrays and tables. No files, no configuration, no logs."""
