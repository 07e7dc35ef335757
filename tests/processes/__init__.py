"""Several processes on one data directory, at work at the same time."""
