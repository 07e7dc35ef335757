"""The database in PostgreSQL: the only place for asyncpg, imported when a URL asks for it."""
