"""All rows of all tables, from one database into another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from storage.bulk_load import Numbers
from storage.connections import Execute, Parameters, Row
from storage.database import Database
from storage.tables import PRIMARY_KEYS, TABLES

OnRows = Callable[[int], None]
"""Told how many rows are done, after each page of them."""

_PAGE = 500
_BITS = (1 << 256) - 1


@dataclass(frozen=True, slots=True)
class Digest:
    """What tells one content of a table from another: the number of rows, the sum of their hashes.

    The order of rows, which databases do not keep, is no part of it.
    """

    rows: int = 0
    sum: int = 0

    def plus(self, row: Row) -> Digest:
        """Return the digest with one more row."""
        values = [value.hex() if isinstance(value, bytes) else value for value in values_of(row)]
        text = json.dumps(dict(zip(row.keys(), values, strict=True)), sort_keys=True)
        digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        return Digest(self.rows + 1, (self.sum + digest) & _BITS)


def values_of(row: Row) -> Parameters:
    """Return the values of a row, as they are handed to a statement."""
    return [_portable(value) for value in row]


def _portable(value: Any) -> Any:
    """Return a value as both databases keep it."""
    match value:
        case memoryview():
            return bytes(value)
        case float():
            return value + 0.0  # SQLite has no zero below zero
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL has no NUL
    return value


async def count_rows(read: Execute) -> int:
    """Return how many rows all tables have."""
    tables = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)  # noqa: S608
    [[count]] = await read(f"SELECT {tables}")
    return int(count)


async def digests(read: Execute, on_rows: OnRows) -> dict[str, Digest]:
    """Return the digest of each table."""
    found = dict.fromkeys(TABLES, Digest())
    async for table, row in _rows(read, on_rows):
        found[table] = found[table].plus(row)
    return found


async def copy_tables(read: Execute, target: Database, numbers: Numbers, on_rows: OnRows) -> None:
    """Write all rows in one transaction, in place of those that are there.

    numbers: those of the source. Raises StorageError.
    """

    async def work(execute: Execute) -> None:
        async with target.bulk_load.filling(execute, numbers):
            for table in reversed(TABLES):
                await execute(f"DELETE FROM {table}")  # noqa: S608 - our names
            async for table, row in _rows(read, on_rows):
                await _insert(execute, table, row)

    await target.write(work)


async def _rows(read: Execute, on_rows: OnRows) -> AsyncIterator[tuple[str, Row]]:
    """Yield the rows of all tables, each table's by its primary key."""
    done = 0
    for table in TABLES:
        last: Parameters = ()
        while page := await read(_page_after(table, last), last):
            for row in page:
                yield table, row
            last = [page[-1][key] for key in PRIMARY_KEYS[table]]
            done += len(page)
            on_rows(done)


def _page_after(table: str, last: Parameters) -> str:
    """Return the statement for the rows behind one: what is before them is not read again."""
    order = ", ".join(PRIMARY_KEYS[table])
    after = f"WHERE ({order}) > ({', '.join('?' * len(last))})" if last else ""
    return f"SELECT * FROM {table} {after} ORDER BY {order} LIMIT {_PAGE}"  # noqa: S608 - our names


async def _insert(execute: Execute, table: str, row: Row) -> None:
    columns = tuple(row.keys())
    places = ", ".join("?" * len(columns))
    await execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608 - our names
        values_of(row),
    )
