"""An audit trail, and what somebody does to it behind the program's back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage.audit import AuditStore
from storage.audit_check import verify
from storage.audit_events import Blocked, Event, Renamed, Spoken
from storage.audit_rows import COLUMNS, row_hash
from storage.sqlite_database import SqliteDatabase

GUILD = 4321
ROWS = 7
EVENTS: tuple[Event, ...] = (
    Renamed(by=1, voice_id=3, owner_id=2, voice="New", former_name="Old"),
    Spoken(by=4, voice_id=3, owner_id=2, milliseconds=20, packets_sha256="a" * 64, way="say",
           text="Hi"),
    Blocked(by=2, member_id=5),
)  # fmt: skip
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"

Tamper = Callable[[sqlite3.Connection], object]


async def fill(path: Path, rows: int = ROWS) -> None:
    async with SqliteDatabase.open(path) as database:
        events = [EVENTS[number % len(EVENTS)].row() for number in range(rows)]
        await AuditStore(database).append(GUILD, events)


async def faults(path: Path) -> list[str]:
    async with SqliteDatabase.open(path) as database:
        return [fault.what for fault in await verify(database, GUILD)]


def tamper(path: Path, act: Tamper) -> None:
    """Do as somebody who can write the file, and takes the triggers out of the way."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute(TRIGGERS).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        act(connection)


def sql(*statements: str) -> Tamper:
    def act(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return act


def with_its_hash_made_anew(connection: sqlite3.Connection, change: str, number: int = 4) -> None:
    """Change a row, and give it a hash that is right for what it says now."""
    connection.execute(f"UPDATE audit SET {change} WHERE number = {number}")
    columns = ", ".join(COLUMNS)
    rows = connection.execute(f"SELECT {columns}, hash FROM audit ORDER BY number").fetchall()
    sha256 = row_hash(rows[number - 2][-1], rows[number - 1][:-1])
    connection.execute("UPDATE audit SET hash = ? WHERE number = ?", (sha256, number))


COPY = "INSERT INTO audit SELECT guild_id, {}, at, kind, actor, subject, voice_id, milliseconds, "
COPY += "packets_sha256, data, hash FROM audit WHERE number = {}"
ALL = "GLOB '*'"
