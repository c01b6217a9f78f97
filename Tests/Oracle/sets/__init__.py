"""One module per set of test material; each has `FOLDERS` and `make(writers)`."""
