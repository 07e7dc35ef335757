"""Who left which server when: after a while their data goes; coming back before cancels that."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from storage.connections import Execute
from storage.database import Database
from storage.forgotten import FORGOTTEN
from storage.personal import GUILD_COLUMNS, PERSONAL_COLUMNS, Fate, PersonalColumn
from storage.rows import timestamp

THE_BOT = 0
"""The `user_id` of a departure of the bot itself."""

BATCH = 50
"""Departures that are dealt with in one go."""


@dataclass(frozen=True, slots=True)
class Departure:
    """user_id: `THE_BOT` where the bot itself left. left_at: in UTC."""

    guild_id: int
    user_id: int
    left_at: datetime


class Departures:
    """The rows of `departures`. Every method raises StorageError if the database is unusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, guild_id: int, user_id: int, now: datetime) -> datetime:
        """Remember that somebody left, and return since when they are gone.

        That stays what it was for who is known to be gone. user_id: `THE_BOT` for the bot.
        """

        async def work(execute: Execute) -> datetime:
            await execute(
                "INSERT INTO departures (guild_id, user_id, left_at) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (guild_id, user_id, timestamp(now)),
            )
            [row] = await execute(
                "SELECT left_at FROM departures WHERE guild_id = ? AND user_id = ?",
                (guild_id, user_id),
            )
            return datetime.fromisoformat(row["left_at"])

        return await self._database.write(work)

    async def cancel(self, guild_id: int, user_id: int) -> bool:
        """Forget that somebody left, because they are back; whether it was known."""
        if not await self.is_noted(guild_id, user_id):
            return False  # nothing is written each time that a member is seen

        async def work(execute: Execute) -> bool:
            rows = await execute(
                "DELETE FROM departures WHERE guild_id = ? AND user_id = ? RETURNING 1",
                (guild_id, user_id),
            )
            return bool(rows)

        return await self._database.write(work)

    async def before(
        self,
        moment: datetime,
        limit: int = BATCH,
        covers: Callable[[int], bool] = lambda guild_id: True,
    ) -> list[Departure]:
        """Return who left before a moment, the first first, of the guilds that are meant."""
        rows = await self._database.read(
            "SELECT guild_id, user_id, left_at FROM departures WHERE left_at <= ? ORDER BY left_at",
            (timestamp(moment),),
        )
        due = (Departure(g, u, datetime.fromisoformat(at)) for g, u, at in rows if covers(g))
        return list(islice(due, limit))

    async def of_the_bot(self) -> list[Departure]:
        """Return the guilds that the bot left and whose data is there still."""
        rows = await self._database.read(
            "SELECT guild_id, user_id, left_at FROM departures WHERE user_id = ? ORDER BY guild_id",
            (THE_BOT,),
        )
        return [Departure(g, u, datetime.fromisoformat(at)) for g, u, at in rows]

    async def guilds_without(self, present: Collection[int]) -> list[int]:
        """Return the guilds of which anything is stored, but for those that the bot is in."""
        rows = await self._database.read(_KNOWN_GUILDS)
        return [row[0] for row in rows if row[0] not in present]

    async def has_data(self, guild_id: int) -> bool:
        """Whether anything is stored of a guild."""
        return bool(await self._database.read(_HAS_DATA, (guild_id,)))

    async def is_noted(self, guild_id: int, user_id: int) -> bool:
        """Whether it is known that somebody left."""
        sql = "SELECT 1 FROM departures WHERE guild_id = ? AND user_id = ?"
        return bool(await self._database.read(sql, (guild_id, user_id)))

    async def members(self, guild_id: int, after: int, limit: int) -> list[int]:
        """Return the next members of whom something is stored in a guild, by id, after one."""
        rows = await self._database.read(_MEMBERS, (guild_id, after, limit))
        return [row[0] for row in rows]


_NO_DATA = frozenset({"departures", "synced_commands"})
"""What there is of a guild whose data is gone, or never was."""

_TABLES = " UNION ".join(
    f"SELECT {column} AS guild_id FROM {table}"  # noqa: S608 - names of the list
    for table, column in GUILD_COLUMNS
    if table not in _NO_DATA
)
_OF_GUILDS = f"SELECT guild_id FROM ({_TABLES}) AS known WHERE guild_id <> 0"  # noqa: S608
_KNOWN_GUILDS = f"{_OF_GUILDS} ORDER BY guild_id"
_HAS_DATA = f"{_OF_GUILDS} AND guild_id = ? LIMIT 1"
_WITH_GUILD = {table for table, _column in GUILD_COLUMNS}


def _naming(column: PersonalColumn) -> str:
    """Return what selects the members whom a column names in a guild, after one."""
    here = "guild_id = ?1"
    if column.table not in _WITH_GUILD:
        here = "voice_id IN (SELECT id FROM voices WHERE guild_id = ?1)"
    name = column.column
    return (
        f"SELECT {name} AS user_id FROM {column.table} "  # noqa: S608 - names of the list
        f"WHERE {here} AND {name} > ?2 AND {name} < {FORGOTTEN}"
    )


_MEMBERS = " UNION ".join(
    _naming(column)
    for column in PERSONAL_COLUMNS
    # What protects others stays anyway; who is known to have left may have no more than that.
    if column.fate is not Fate.RECOGNISED and column.table != "departures"
)
_MEMBERS += " ORDER BY user_id LIMIT ?3"
