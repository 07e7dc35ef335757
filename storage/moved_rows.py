"""All rows of all tables, from one database into another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from storage.connections import Execute, Parameters, Row
from storage.database import Database
from storage.tables import TABLES

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
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]


async def digests(read: Execute) -> dict[str, Digest]:
    """Return the digest of each table."""
    found: dict[str, Digest] = {}
    for table in TABLES:
        found[table] = Digest()
        async for row in _rows(read, table):
            found[table] = found[table].plus(row)
    return found


async def copy_tables(
    read: Execute, target: Database, finish: Callable[[Execute], Awaitable[None]]
) -> None:
    """Write all rows in one transaction, in place of those that are there.

    finish: what the target's database needs in the end. Raises StorageError.
    """

    async def work(execute: Execute) -> None:
        await _empty(execute)
        for table in TABLES:
            async for row in _rows(read, table):
                await _insert(execute, table, row)
        await _restore_chains(execute, read)
        await finish(execute)

    await target.write(work)


async def _rows(read: Execute, table: str) -> AsyncIterator[Row]:
    pages = _pages_by_key(read, table, _KEYS[table]) if table in _KEYS else _pages(read, table)
    async for page in pages:
        for row in page:
            yield row


async def _pages_by_key(
    read: Execute, table: str, keys: tuple[str, ...]
) -> AsyncIterator[Sequence[Row]]:
    """Go on behind the last row: what is before a page is not read again."""
    order, after, last = ", ".join(keys), "", list[Any]()
    while rows := await read(
        f"SELECT * FROM {table} {after} ORDER BY {order} LIMIT {_PAGE}",  # noqa: S608 - our names
        last,
    ):
        yield rows
        after = f"WHERE ({order}) > ({', '.join('?' * len(keys))})"
        last = [rows[-1][key] for key in keys]


async def _pages(read: Execute, table: str) -> AsyncIterator[Sequence[Row]]:
    first = await read(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608 - our names
    if not first:
        return
    # By all columns, so that no two rows can change places between two pages.
    order = ", ".join(first[0].keys())
    offset = 0
    while rows := await read(
        f"SELECT * FROM {table} ORDER BY {order} LIMIT {_PAGE} OFFSET {offset}"  # noqa: S608
    ):
        yield rows
        offset += _PAGE


_KEYS = {"audit": ("guild_id", "number"), "audit_texts": ("guild_id", "number", "part")}
"""Of tables that grow with every text; rows of the trail can be written in this order alone."""


async def _empty(execute: Execute) -> None:
    # Their chains first: rows of the trail go with them, and by themselves not at all.
    for table in ("audit_chains", *reversed(TABLES)):
        await execute(f"DELETE FROM {table}")  # noqa: S608 - our names


async def _insert(execute: Execute, table: str, row: Row) -> None:
    if table == "audit":
        await execute(
            "UPDATE audit_chains SET last = ? WHERE guild_id = ?",
            (row["number"] - 1, row["guild_id"]),
        )
    columns = tuple(row.keys())
    places = ", ".join("?" * len(columns))
    await execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608 - our names
        values_of(row),
    )


async def _restore_chains(execute: Execute, read: Execute) -> None:
    for row in await read("SELECT guild_id, last FROM audit_chains"):
        await execute(
            "UPDATE audit_chains SET last = ? WHERE guild_id = ?", (row["last"], row["guild_id"])
        )
