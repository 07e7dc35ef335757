"""How the rows of each table lie in the file, read off the schema that the migrations make."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storage.rescue.cells import Row, Value
from storage.schema import apply_migrations

_TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "REAL": (int, float),
    "TEXT": (str,),
    "BLOB": (bytes,),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, as it is stored. came_later: rows from before it may be shorter."""

    name: str
    type: str
    required: bool
    came_later: bool = False

    def takes(self, value: Value) -> bool:
        """Whether it may hold a value."""
        if value is None:
            return not self.required
        return isinstance(value, _TYPES.get(self.type, (object,)))


@dataclass(frozen=True, slots=True)
class Shape:
    """A table or an index: its columns in the order in which they are stored.

    alias: the column that is the row's number and is stored as nothing; None where there is none.
    by_columns: whether the tree is ordered by columns, as that of an index is.
    """

    name: str
    columns: tuple[Column, ...]
    alias: str | None
    by_columns: bool
    is_table: bool

    def fits(self, row: Row) -> bool:
        """Whether a row can be one of these. Columns that came later may be missing at its end."""
        if (row.rowid is None) != self.by_columns or not self._has_length(len(row.values)):
            return False
        return all(
            value is None if column.name == self.alias else column.takes(value)
            for column, value in zip(self.columns, row.values, strict=False)
        )

    def named(self, row: Row) -> dict[str, Value]:
        """Return a row by the names of its columns."""
        names = [column.name for column in self.columns]
        values: dict[str, Value] = dict(zip(names, row.values, strict=False))
        if self.alias is not None:
            values[self.alias] = row.rowid
        return values

    def _has_length(self, length: int) -> bool:
        if not self.is_table:
            return length == len(self.columns)
        missing = self.columns[length:]
        return 0 < length <= len(self.columns) and all(column.came_later for column in missing)


@contextlib.contextmanager
def schema_of(path: str, version: int) -> Iterator[sqlite3.Connection]:
    """Make a database with the schema of a version, and open it. path: ":memory:" or a new file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        apply_migrations(connection, version)
        yield connection


def shapes_of(connection: sqlite3.Connection) -> tuple[Shape, ...]:
    """Return every table and index of a database."""
    tables = [
        (name, bool(without_rowid))
        for _, name, kind, _, without_rowid, _ in connection.execute("PRAGMA table_list")
        if kind == "table" and not name.startswith("sqlite_")
    ]
    found = []
    for name, without_rowid in tables:
        table = _table(connection, name, without_rowid)
        found += [table, *_indices(connection, name, table)]
    return tuple(found)


def _table(connection: sqlite3.Connection, name: str, without_rowid: bool) -> Shape:
    rows = connection.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall()
    key = sorted((row for row in rows if row[5]), key=lambda row: row[5])
    if without_rowid:
        rows = key + [row for row in rows if not row[5]]
    columns = tuple(
        Column(row[1], row[2], bool(row[3] or row[5]), not row[3] or row[4] is not None)
        for row in rows
    )
    alias = key[0][1] if not without_rowid and len(key) == 1 and key[0][2] == "INTEGER" else None
    return Shape(name, columns, alias, without_rowid, is_table=True)


def _indices(connection: sqlite3.Connection, table: str, shape: Shape) -> Iterator[Shape]:
    columns = {column.name: column for column in shape.columns}
    number = Column("rowid", "INTEGER", required=True)
    for _, name, _, origin, _ in _named(connection, "index_list", table):
        if origin == "pk" and shape.by_columns:
            continue  # the table itself
        parts = [columns.get(row[2], number) for row in _named(connection, "index_xinfo", name)]
        yield Shape(name, tuple(parts), None, by_columns=True, is_table=False)


def _named(connection: sqlite3.Connection, pragma: str, name: str) -> list[Any]:
    # A constant and a name of the schema.
    return connection.execute(f"SELECT * FROM pragma_{pragma}(?)", (name,)).fetchall()  # noqa: S608
