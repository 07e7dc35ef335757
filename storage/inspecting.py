"""Looking at a database without touching it: on a copy, whatever has become of it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from storage.layout import DATABASE_NAME
from storage.rescue.pages import log_of
from storage.rescue.shapes import schema_of
from storage.schema import load_migrations
from storage.texts import excerpt
from storage.use_lock import is_used

Condition: TypeAlias = Literal[
    "whole", "missing", "empty", "foreign", "newer", "broken", "promises"
]
"""foreign: no database; newer: of a newer Mynah; broken: SQLite cannot use all of it; promises: all
can be read, but rows or the schema are not as the schema promises.
"""

_MOST_DETAILS = 10


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """How a database is. schema: its version; None where that cannot be read."""

    condition: Condition
    schema: int | None = None
    details: tuple[str, ...] = ()


def copy_database(directory: Path, work: Path) -> Path:
    """Copy the database of a data directory, with its log, to look at it. Raises OSError."""
    source, target = directory / DATABASE_NAME, work / DATABASE_NAME
    if is_used(directory):  # somebody may write meanwhile
        with contextlib.suppress(sqlite3.Error):
            _copy_in_use(source, target)
            return target
        target.unlink(missing_ok=True)
    for path, copy in ((source, target), (log_of(source), log_of(target))):
        if path.is_file():
            shutil.copyfile(path, copy)
    return target


def _copy_in_use(source: Path, target: Path) -> None:
    address = f"{source.absolute().as_uri()}?mode=rw"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True)) as reader,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        reader.backup(copy)


def state_of(path: Path) -> DatabaseState:
    """Say how a database is. path: of a copy, because SQLite may change what it opens."""
    if not path.exists():
        return DatabaseState("missing")
    has_log = log_of(path).exists() and log_of(path).stat().st_size > 0
    if path.stat().st_size == 0 and not has_log:
        return DatabaseState("empty")
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return _state(connection)
    except sqlite3.Error as error:
        foreign = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB
        return DatabaseState("foreign" if foreign else "broken", None, (excerpt(str(error)),))


def _state(connection: sqlite3.Connection) -> DatabaseState:
    [schema] = connection.execute("PRAGMA user_version").fetchone()
    known = len(load_migrations())
    if schema > known:
        return DatabaseState("newer", schema, (f"schema {schema}; this version knows {known}",))
    if schema == 0:
        return DatabaseState("empty", 0)
    connection.text_factory = lambda text: text.decode(errors="replace")
    found = [
        excerpt(line)
        for row in connection.execute(f"PRAGMA integrity_check({_MOST_DETAILS})")
        for line in str(row[0]).splitlines()
    ]
    if found != ["ok"]:
        kept = all(_is_promise(line) for line in found)
        condition: Condition = "promises" if kept else "broken"
        return DatabaseState(condition, schema, tuple(found[:_MOST_DETAILS]))
    details = [*_of_parents(connection), *_of_schema(connection, schema)]
    return DatabaseState("promises" if details else "whole", schema, tuple(details))


def _is_promise(line: str) -> bool:
    """Whether a line of SQLite's is about a value that the schema forbids, and not about pages."""
    return line.startswith(
        ("CHECK constraint", "NULL value", "NUMERIC value", "TEXT value", "non-")
    )


def _of_parents(connection: sqlite3.Connection) -> list[str]:
    counts: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        counts[table, parent] = counts.get((table, parent), 0) + 1
    return [
        f"rows of {table} that belong to no row of {parent}: {count}"
        for (table, parent), count in sorted(counts.items())
    ]


def _of_schema(connection: sqlite3.Connection, schema: int) -> list[str]:
    with schema_of(":memory:", schema) as fresh:
        promised = _objects(fresh)
    there = _objects(connection)
    return [
        f"the {kind} {name} {'is not as it was made' if (kind, name) in there else 'is missing'}"
        for (kind, name), sql in sorted(promised.items())
        if there.get((kind, name)) != sql
    ][:_MOST_DETAILS]


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    return {
        (kind, name): sql
        for kind, name, sql in connection.execute(
            "SELECT type, name, sql FROM sqlite_schema"
            " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        )
    }
