"""The locks by which processes of several machines know of each other, as one session holds them.

They are advisory locks of the database, and end with the session. All that is told of a process is
in their keys, so that whoever looks at `pg_locks` reads it:

    shards      one lock a shard, exclusive
    number      the number of shards, shared; 0, and exclusive, where a process has all
    application two locks, shared: the upper and the lower half of its id

Keys of two numbers never collide with the write lock's (`transactions.WRITE_LOCK`), which has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg

from storage.bot_processes import RunningProcess, side_by_side
from storage.shards import Shards
from storage.texts import excerpt

_ENTRY, _NUMBER, _SHARD, _UPPER, _LOWER = (
    int.from_bytes(word, "big") for word in (b"myen", b"mynr", b"mysh", b"myup", b"mylo")
)

_ENTER = f"SELECT pg_advisory_xact_lock({_ENTRY}, 0)"
_ALONE = "SELECT pg_advisory_lock($1::int, key) FROM unnest($2::int[]) AS key"
_SHARED = "SELECT pg_advisory_lock_shared($1::int, $2::int)"
# What a session's user may not see of others, such as the address, is NULL.
_HELD = """
SELECT pid, coalesce(application_name, '') AS name, host(client_addr) AS address,
    classid::bigint AS kind, array_agg(objid::bigint ORDER BY objid) AS keys
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint = ANY($1::bigint[])
GROUP BY pid, name, address, kind ORDER BY pid
"""
_END = "SELECT pg_terminate_backend($1)"

_LONGEST_NAME = 63  # PostgreSQL cuts what is longer
_NAME = re.compile(r"mynah [0-9a-f]{8} (\d{1,9}) (.+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a process runs. shards: None for all. application_id: None before it has logged in."""

    shards: Shards | None
    application_id: int | None = None

    def allows(self, other: RunningProcess) -> bool:
        """Whether it may run beside another process."""
        known = {self.application_id, other.application_id} - {None}
        return len(known) < 2 and side_by_side(self.shards, other.shards)


@dataclass(frozen=True, slots=True)
class SessionProcess(RunningProcess):
    """A process that holds such locks.

    name: that of its session. session: by which PostgreSQL knows it. address: whence it came; None
    for one on the server's own machine, and where that is not told.
    """

    name: str = ""
    session: int = 0
    address: str | None = None

    def __str__(self) -> str:
        """Say which one it is, and where."""
        named = _NAME.fullmatch(self.name)
        who = f"process {named[1]} of {excerpt(named[2])}" if named else "another process"
        whence = f" from {self.address}" if self.address else ""
        return f"{who}; in PostgreSQL session {self.session}{whence}"


def session_name(token: str, pid: int, host: str) -> str:
    """Return how a process calls its session. token: 8 hexadecimal digits of this run of it."""
    plain = host.encode("ascii", "replace").decode()
    return f"mynah {token} {pid} {plain}"[:_LONGEST_NAME]


async def take(connection: asyncpg.Connection, claim: Claim) -> SessionProcess | None:
    """Have a session hold the locks; where another process may not run beside, hold none and
    return which.

    Others that come wait meanwhile, for at most the session's lock_timeout. Raises asyncpg's
    errors.
    """
    async with connection.transaction():
        await connection.execute(_ENTER)
        for other in await held(connection):
            if not claim.allows(other):
                return other
        # What the session holds already it holds twice then, which changes nothing.
        await _lock(connection, claim)
    return None


async def held(connection: asyncpg.Connection) -> list[SessionProcess]:
    """Return which processes hold such locks, without that of this session."""
    kinds = [_NUMBER, _SHARD, _UPPER, _LOWER]
    sessions: dict[int, tuple[asyncpg.Record, dict[int, list[int]]]] = {}
    for row in await connection.fetch(_HELD, kinds):
        sessions.setdefault(row["pid"], (row, {}))[1][row["kind"]] = row["keys"]
    return [_process(row, keys) for row, keys in sessions.values()]


async def end(connection: asyncpg.Connection, process: SessionProcess) -> None:
    """Have PostgreSQL end a session of this user's."""
    await connection.execute(_END, process.session)


async def _lock(connection: asyncpg.Connection, claim: Claim) -> None:
    if claim.shards is None:
        await connection.execute(_ALONE, _NUMBER, [0])
    else:
        await connection.execute(_ALONE, _SHARD, list(claim.shards.ids))
        await connection.execute(_SHARED, _NUMBER, claim.shards.count)
    if claim.application_id is not None:
        for kind, half in _halves(claim.application_id):
            await connection.execute(_SHARED, kind, half)


def _halves(application_id: int) -> Iterator[tuple[int, int]]:
    """Return both halves as PostgreSQL takes them: with a sign."""
    for kind, half in ((_UPPER, application_id >> 32), (_LOWER, application_id & 0xFFFFFFFF)):
        yield kind, half - (1 << 32) if half >> 31 else half


def _process(row: asyncpg.Record, keys: dict[int, list[int]]) -> SessionProcess:
    ids, [count] = tuple(keys.get(_SHARD, ())), keys.get(_NUMBER, [0])
    application = None
    if _UPPER in keys and _LOWER in keys:
        application = keys[_UPPER][0] << 32 | keys[_LOWER][0]
    named = _NAME.fullmatch(row["name"])
    return SessionProcess(
        pid=int(named[1]) if named else None,
        shards=Shards(ids, count) if ids and count else None,
        application_id=application,
        name=row["name"],
        session=row["pid"],
        address=row["address"],
    )
