"""A database of every version of the schema so far, with something in every table, and its clips.

NN.sql is a dump of one with version NN, made by the migrations up to that one. After a new
migration, `python -m tests.storage.databases` stores the one of its version; older ones stay.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

from storage.layout import CLIPS_NAME, DATABASE_NAME

HERE = Path(__file__).parent
CLIPS = HERE / "clips"


def stored_versions() -> list[int]:
    """Return the versions of which there is a database."""
    return sorted(int(path.stem) for path in HERE.glob("*.sql"))


def dump_path(version: int) -> Path:
    return HERE / f"{version:02}.sql"


def unpack(version: int, directory: Path) -> None:
    """Make the data directory of a program of that version."""
    (directory / CLIPS_NAME).mkdir(parents=True)
    for clip in CLIPS.iterdir():
        shutil.copy(clip, directory / CLIPS_NAME)
    sql = dump_path(version).read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(directory / DATABASE_NAME)) as connection:
        connection.executescript(sql)
        connection.execute("PRAGMA journal_mode = WAL")
