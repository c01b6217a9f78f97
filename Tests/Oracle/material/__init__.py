"""What every set of test material shares: cases, their files, the reference engine, the stamps."""
