"""A data directory as one file: a tar archive of the database, the recordings, and their hashes."""
