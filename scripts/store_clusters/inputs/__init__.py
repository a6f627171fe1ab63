"""What people send: finding the files of a run, and reading any of them."""
