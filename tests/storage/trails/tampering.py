"""An audit trail, and what somebody does to it behind the program's back."""

from __future__ import annotations

from pathlib import Path

from storage.audit import AuditStore
from storage.audit_check import verify
from storage.audit_events import Blocked, Event, Renamed, Spoken
from storage.audit_rows import COLUMNS, row_hash
from storage.connections import Execute
from storage.sqlite_database import SqliteDatabase
from tests.storage import stored

GUILD = 4321
ROWS = 7
EVENTS: tuple[Event, ...] = (
    Renamed(by=1, voice_id=3, owner_id=2, voice="New", former_name="Old"),
    Spoken(by=4, voice_id=3, owner_id=2, milliseconds=20, packets_sha256="a" * 64, way="say",
           text="Hi"),
    Blocked(by=2, member_id=5),
)  # fmt: skip
Tamper = stored.Work


async def fill(path: Path, rows: int = ROWS) -> None:
    async with SqliteDatabase.open(path) as database:
        events = [EVENTS[number % len(EVENTS)].row() for number in range(rows)]
        await AuditStore(database).append(GUILD, events)


async def faults(path: Path) -> list[str]:
    async with SqliteDatabase.open(path) as database:
        return [fault.what for fault in await verify(database, GUILD)]


async def tamper(path: Path, act: Tamper) -> None:
    """Do as somebody who can write the file, and takes the triggers out of the way."""
    rows = stored.rows_of(path.parent)
    await rows.drop_triggers()
    await rows.change(act)


def sql(*statements: str) -> Tamper:
    async def act(execute: Execute) -> None:
        for statement in statements:
            await execute(statement)

    return act


async def with_its_hash_made_anew(execute: Execute, change: str, number: int = 4) -> None:
    """Change a row, and give it a hash that is right for what it says now."""
    await execute(f"UPDATE audit SET {change} WHERE number = {number}")
    rows = await execute(f"SELECT {', '.join(COLUMNS)}, hash FROM audit ORDER BY number")
    sha256 = row_hash(rows[number - 2][-1], tuple(rows[number - 1])[:-1])
    await execute("UPDATE audit SET hash = ? WHERE number = ?", (sha256, number))


COPY = "INSERT INTO audit SELECT guild_id, {}, at, kind, actor, subject, voice_id, milliseconds, "
COPY += "packets_sha256, data, hash FROM audit WHERE number = {}"
ALL = "GLOB '*'"
