"""A damaged database read as far as it can be, into a new one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from storage.files import open_regular, sync_directory
from storage.private import open_private
from storage.rescue.pages import Pages, log_of
from storage.rescue.reading import Reader
from storage.rescue.shapes import schema_of, shapes_of
from storage.rescue.writing import Writer
from storage.schema import load_migrations
from storage.sqlite_errors import translated


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of a damaged database.

    schema: of the new one. pages: how many it had; lost: how many of them could not be read.
    rows: how many are in the new one, by table. mended: voices without some detail that could not
    be read. dropped: rows that could not be read or taken over, by table, as far as they were seen
    at all; what a lost page held is not.
    """

    schema: int
    pages: int
    lost: int
    rows: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many rows are in the new database."""
        return sum(self.rows.values())


def rescue(old: Path, new: Path) -> Rescued:
    """Write what can be read of a database, and of the log beside it, into a new one.

    old: only read. new: must not be there; it is synced.

    Raises StorageError; OSError where the old one cannot be read at all.
    """
    os.close(open_private(new, os.O_WRONLY | os.O_EXCL))
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open_regular(old))
        log = stack.enter_context(open_regular(log_of(old))) if log_of(old).is_file() else None
        stack.enter_context(translated(new))
        pages = Pages(file, log)
        version = _version(pages)
        connection = stack.enter_context(schema_of(str(new), version))
        reader = Reader(pages, shapes_of(connection))
        sequences = reader.sequences()
        written = Writer(connection).write(reader.rows(), sequences.items())
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("what was rescued is not whole")
    sync_directory(new.parent)
    dropped = reader.seen.torn + written.refused + written.orphaned
    return Rescued(
        version, pages.count, len(reader.seen.lost), written.rows, written.mended, dropped
    )


def _version(pages: Pages) -> int:
    """Return the version of the schema; where it cannot be read, or is none, this program's."""
    known = len(load_migrations())
    version = pages.schema_version
    return version if version is not None and 0 < version <= known else known
