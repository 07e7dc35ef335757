"""Writing all rows of a database at once, such as those of another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from storage.connections import Execute

Numbers = dict[str, int]
"""By table: the highest id that was ever given in it, also to a row that is there no more."""


class BulkLoad(Protocol):
    """What a database does differently while it is filled."""

    async def numbers(self, read: Execute) -> Numbers:
        """Return the ids from which the tables count on; those that gave none may be left out."""

    def filling(self, execute: Execute, numbers: Numbers) -> AbstractAsyncContextManager[None]:
        """Take rows as they are until the block ends, in the transaction that is open.

        No trigger looks at them: the trail's takes one row after another. In the end no id is given
        that was given before, here or where `numbers` come from.
        """


class SqliteBulkLoad:
    """Filling an SQLite database."""

    async def numbers(self, read: Execute) -> Numbers:
        """See `BulkLoad`."""
        return {
            row["name"]: row["seq"] for row in await read("SELECT name, seq FROM sqlite_sequence")
        }

    @asynccontextmanager
    async def filling(self, execute: Execute, numbers: Numbers) -> AsyncIterator[None]:
        """See `BulkLoad`."""
        triggers = await execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for trigger in triggers:
            await execute(f"DROP TRIGGER {trigger['name']}")
        yield
        for trigger in triggers:
            await execute(trigger["sql"])
        await self._count_on(execute, numbers)

    async def _count_on(self, execute: Execute, numbers: Numbers) -> None:
        counting = await execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
        )
        before = await self.numbers(execute)
        for name in {row["name"] for row in counting} & numbers.keys():
            await execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            await execute(
                "INSERT INTO sqlite_sequence VALUES (?, ?)",
                (name, max(numbers[name], before.get(name, 0))),
            )
