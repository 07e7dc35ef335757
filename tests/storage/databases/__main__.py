"""Store a database for each version of the schema that has none yet.

See `tests.storage.databases`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from storage import audit
from storage.audit_events import Enrolled
from storage.clips import clip_path, write_clip
from storage.connections import Execute
from storage.names import name_key
from storage.schema import load_migrations
from storage.sqlite_database import SqliteDatabase
from storage.types import ReferenceClip
from tests.storage.conftest import GUILD, make_clip
from tests.storage.databases import CLIPS, dump_path, stored_versions

ANN, BEN, ROLE = (111_000_000_000_000_000 + number for number in (1, 2, 3))
AT, UNTIL = "2026-05-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"
CURRENT, FORMER, SENTENCE, OPERATOR = (make_clip(number, 0.02) for number in (21, 22, 23, 24))


def voice(number: int, name: str, clip: ReferenceClip, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "guild_id": GUILD, "name": name, "name_key": name_key(name),
        "clip_sha256": clip.sha256, "seconds": clip.seconds, "created_at": AT, **more,
    }  # fmt: skip


# By table; of the columns, those are written that a version has.
ROWS: dict[str, list[dict[str, Any]]] = {
    "voices": [
        voice(
            1, "Ann Lee", CURRENT, owner_id=ANN, consented_by=ANN, consented_at=AT, language="de",
            pitch_hz=180.5, quality='{"verdict": "good"}', last_used_at=AT, use_count=7,
            exaggeration=0.7, cfg_weight=0.4, temperature=0.9, seed=5, takes=2, speed=1.25,
            volume_db=-3.0, former_sha256=FORMER.sha256, former_seconds=FORMER.seconds,
            former_pitch_hz=179.0, former_quality='{"verdict": "fair"}', former_consented_by=ANN,
            former_consented_at=AT, former_until=UNTIL, level="spoken", former_level="declared",
            reach="named", paused_by_owner_at=AT, access_version=3,
        ),
        voice(2, "Operator", OPERATOR, guild_id=0, level="operator"),
        voice(5, "日本語の声", CURRENT, owner_id=BEN, consented_by=BEN, consented_at=AT),
    ],
    "voice_words": [{"guild_id": GUILD, "tail": "lee", "voice_id": 1}],
    "member_defaults": [{"guild_id": GUILD, "user_id": BEN, "voice_id": 1}],
    "guild_defaults": [{"guild_id": GUILD, "voice_id": 2}],
    "synced_commands": [{"application_id": 9, "guild_id": 0, "definition_hash": "abc"}],
    "unneeded_clips": [{"clip_sha256": "0" * 64}],
    "guild_settings": [{"guild_id": GUILD, "key": "locale", "value": '"de"'}],
    "member_settings": [{"guild_id": GUILD, "user_id": ANN, "key": "language", "value": '"fr"'}],
    "settings_log": [
        {"id": number, "guild_id": GUILD, "changed_at": AT, "changed_by": by, "key": "locale",
         "before": None, "after": '"de"'} for number, by in ((7, BEN), (8, None))
    ],
    "read_channels": [{"guild_id": GUILD, "text_channel_id": 31, "voice_channel_id": 32,
                       "started_by": ANN}],
    "dictionary_entries": [{"guild_id": GUILD, "user_id": user, "kind": "word", "written": "GG",
                            "language": "", "spoken": "good game", "created_by": ANN}
                           for user in (0, ANN)],
    "dictionary_versions": [{"guild_id": GUILD, "user_id": 0, "version": 4}],
    "consents": [{"voice_id": 1, "clip_sha256": CURRENT.sha256, "member_id": ANN, "given_at": AT,
                  "consent_sha256": SENTENCE.sha256, "record": b'{"words": ["river"]}'}],
    "voice_members": [{"voice_id": 1, "user_id": BEN}],
    "voice_roles": [{"voice_id": 1, "role_id": ROLE}],
    "voice_blocks": [{"guild_id": GUILD, "owner_id": ANN, "blocked_id": BEN}],
    "departures": [{"guild_id": GUILD, "user_id": BEN, "left_at": AT}],
    "uploads": [{"id": 1, "guild_id": GUILD, "user_id": ANN, "at": AT, "bytes": 1000}],
}  # fmt: skip
# The program's own code fills these, or the migration itself.
BY_THE_PROGRAM = {"audit", "audit_chains", "audit_members", "audit_texts", "erasures",
                  "sqlite_sequence"}  # fmt: skip


async def fill(execute: Execute) -> None:
    """Write something to every table."""
    tables = await execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    there = {row[0] for row in tables}
    if unfilled := there - ROWS.keys() - BY_THE_PROGRAM:
        raise SystemExit(f"tests/storage/databases/__main__.py has no rows for {sorted(unfilled)}")
    for table, rows in ROWS.items():
        columns = {row[1] for row in await execute(f"PRAGMA table_info({table})")}
        for row in rows if table in there else []:
            known = {name: value for name, value in row.items() if name in columns}
            marks = ", ".join("?" * len(known))
            await execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(known)}) VALUES ({marks})",
                tuple(known.values()),
            )
    if "audit" in there:
        enrolled = Enrolled(
            by=ANN, voice_id=1, owner_id=ANN, voice="Ann Lee", level="spoken", reach="named"
        )
        await audit.tell(execute, GUILD, enrolled)


async def store(version: int) -> None:
    """Write the dump of one version."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mynah.db"
        async with SqliteDatabase.open(path, load_migrations()[:version]) as database:
            await database.write(fill)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            lines = [*connection.iterdump(), f"PRAGMA user_version = {version};"]
    dump_path(version).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Store what is missing."""
    for clip in (CURRENT, FORMER, SENTENCE, OPERATOR):
        path = clip_path(CLIPS, clip.sha256)
        if not path.exists():
            write_clip(path, clip)
            path.chmod(0o644)
    for step in load_migrations():
        if step.version not in stored_versions():
            asyncio.run(store(step.version))
            print(f"{dump_path(step.version).name} is stored")


if __name__ == "__main__":
    main()
