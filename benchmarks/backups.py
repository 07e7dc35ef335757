"""How long a backup and a restore take, and what is rescued of a damaged database.

    python -m benchmarks.backups [--voices 1000] [--seconds 30] [-o FILE.json]

The recordings are noise of 16-bit steps, which compresses like speech at its worst; they are
copies of a few, because a backup does not look into them. A damaged database is one of which a
share of the pages, chosen at random, was overwritten.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bot.operations.backup import make_backup
from bot.operations.restore import restore_backup
from storage.clips import clip_path, encode_clip
from storage.key_file import new_key
from storage.names import name_key
from storage.rescue.rescuing import rescue
from storage.sealing import KeyRing
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from storage.voices import VoiceStore
from tests.endurance import Outcome

PAGE = 4096
SHARES = (0.01, 0.05, 0.2, 0.5)
TRIALS = 4
DISTINCT = 5


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that it takes."""
    begun = time.perf_counter()
    work()
    return round(time.perf_counter() - begun, 2)


async def fill(data: Path, voices: int, seconds: float) -> None:
    """Make a data directory with so many voices, each with a recording of its own."""
    async with VoiceStore.open(data) as store:
        await store.database.write(lambda execute: execute("SELECT 1"))
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 3000, int(seconds * CLIP_SAMPLE_RATE)).round() for _ in range(DISTINCT)]
    contents = [encode_clip(ReferenceClip((n / 32768).astype(np.float32))) for n in noise]
    with closing(sqlite3.connect(data / "mynah.db")) as database:
        for number in range(voices):
            sha256 = hashlib.sha256(str(number).encode()).hexdigest()
            clip_path(data / "clips", sha256).write_bytes(contents[number % DISTINCT])
            add(database, number, sha256, seconds)
        database.commit()


def add(database: sqlite3.Connection, number: int, sha256: str, seconds: float) -> None:
    """Add a voice with what usually belongs to one."""
    at, guild, name = "2026-01-01T00:00:00+00:00", 10**17 + number % 5, f"Voice {number}"
    row = database.execute(
        "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at, quality,"
        " owner_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (guild, name, name_key(name), sha256, seconds, at, quality(), 10**17 + number),
    ).fetchone()
    record = b'{"statement": "' + b"x" * 700 + b'"}'
    consent = (row[0], sha256, 10**17 + number, at, None, record)
    database.execute("INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?)", consent)
    database.execute("INSERT INTO voice_members VALUES (?, ?)", (row[0], 10**17 + number))
    setting = (guild, 10**17 + number, "speed", "1.2")
    database.execute("INSERT INTO member_settings VALUES (?, ?, ?, ?)", setting)


def quality() -> str:
    """Return a report as long as one is."""
    return '{"verdict": "good", "findings": ["' + "x" * 900 + '"]}'


def backups(data: Path, folder: Path) -> dict[str, Any]:
    """Make and restore backups, plain and sealed."""
    keys, found = KeyRing([new_key()]), {}
    for name, seal in (("plain", None), ("sealed", keys)):
        path, target = folder / f"{name}.backup", folder / f"{name}-data"
        made = timed(lambda path=path, seal=seal: make_backup(data, path, nothing, keys=seal))
        size = path.stat().st_size
        restored = timed(
            lambda path=path, target=target: restore_backup(path, target, keys, nothing)
        )
        found[name] = {"bytes": size, "backup_seconds": made, "restore_seconds": restored}
        path.unlink()
        shutil.rmtree(target)
    return found


def file_system(folder: Path) -> str:
    """Return on which kind of file system was measured, which decides how long fsync takes."""
    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    above = (folder, *folder.parents)
    return next((mounts[str(path)] for path in above if str(path) in mounts), "not known")


def nothing(_done: int, _total: int) -> None:
    """Show no progress."""


def rescues(whole: Path, folder: Path) -> list[dict[str, Any]]:
    """Destroy pages at random, and count the rows that are rescued."""
    content = whole.read_bytes()
    pages = len(content) // PAGE
    rows = rescue(whole, folder / "first.db").rows
    found = []
    for share in SHARES:
        destroyed = max(1, round(share * pages))
        kept, voices, seconds = 0, 0, 0.0
        for trial in range(TRIALS):
            damaged = bytearray(content)
            for page in random.Random(trial).sample(range(pages), destroyed):
                damaged[page * PAGE : (page + 1) * PAGE] = random.Random(page).randbytes(PAGE)
            (folder / "damaged.db").write_bytes(damaged)
            (folder / "new.db").unlink(missing_ok=True)
            begun = time.perf_counter()
            rescued = rescue(folder / "damaged.db", folder / "new.db")
            seconds += time.perf_counter() - begun
            kept, voices = kept + rescued.total, voices + rescued.rows["voices"]
        found.append(
            {
                "pages": pages,
                "destroyed": destroyed,
                "trials": TRIALS,
                "rows": TRIALS * rows.total(),
                "rows_rescued": kept,
                "voices": TRIALS * rows["voices"],
                "voices_rescued": voices,
                "seconds_each": round(seconds / TRIALS, 2),
            }
        )
    return found


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backups", description=__doc__)
    parser.add_argument("--voices", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    outcome = Outcome(0)
    with tempfile.TemporaryDirectory(prefix="mynah-backups-") as name:
        folder, data = Path(name), Path(name) / "data"
        asyncio.run(fill(data, options.voices, options.seconds))
        found = {"voices": options.voices, "seconds_of_each": options.seconds}
        found |= {"file_system": file_system(folder)}
        found |= {"backups": backups(data, folder), "rescues": rescues(data / "mynah.db", folder)}
    return outcome.tell(found, lost=False, output=options.output)


if __name__ == "__main__":
    sys.exit(main())
