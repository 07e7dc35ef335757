"""What can be read of a database that SQLite cannot use any more, page by page, into a new one."""
