"""Steps of the schema in PostgreSQL; the first makes what SQLite has after as many steps."""
