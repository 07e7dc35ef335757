"""The list of tables is that of the schema, in an order in which rows can be written."""

from __future__ import annotations

import contextlib
import sqlite3

from storage.schema import apply_migrations, load_migrations
from storage.tables import NUMBERED, OF_THE_PROGRAM, PRIMARY_KEYS, TABLES


def test_the_list_of_tables_is_that_of_the_schema() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        apply_migrations(connection, len(load_migrations()))
        names = {
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        }
        assert set(TABLES) == names
        assert len(TABLES) == len(names)
        assert set(OF_THE_PROGRAM) < names
        for table in TABLES:
            for key in connection.execute(f"PRAGMA foreign_key_list({table})"):
                assert TABLES.index(key[2]) < TABLES.index(table)
            columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
            by_place = sorted((place, name) for _, name, _, _, _, place in columns if place)
            assert PRIMARY_KEYS[table] == tuple(name for _, name in by_place)
            keys = [(name, kind) for _, name, kind, _, _, is_key in columns if is_key]
            assert (keys == [("id", "INTEGER")] and table != "erasures") == (table in NUMBERED)
