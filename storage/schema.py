"""The schema of the database: its steps, and what brings a database up to date."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import aiosqlite

from storage.connections import BUSY_SECONDS, Execute, transaction
from storage.errors import ConstraintError, StorageError
from storage.names import word_tails
from storage.sqlite_errors import is_full, translated


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. version: 1, 2, ...; sql: statements, each ended by a semicolon."""

    version: int
    name: str
    sql: str


def load_migrations() -> tuple[Migration, ...]:
    """Read storage/migrations/NNNN_name.sql, in order."""
    return migrations_of("storage.migrations")


def migrations_of(package: str) -> tuple[Migration, ...]:
    """Read a package's NNNN_name.sql, in order. The first may make what earlier ones made."""
    sources = (source for source in files(package).iterdir() if source.name.endswith(".sql"))
    steps = tuple(
        Migration(int(source.name[:4]), source.name, source.read_text(encoding="utf-8"))
        for source in sorted(sources, key=lambda source: source.name)
    )
    first = steps[0].version
    if [step.version for step in steps] != list(range(first, first + len(steps))):
        raise ValueError(f"{package}: migrations must be numbered 0001, 0002, ... without a gap")
    return steps


def apply_migrations(connection: sqlite3.Connection, version: int) -> None:
    """Give a new database the schema of a version, 1 or higher. Raises sqlite3.Error."""
    connection.create_function("word_tails", 1, _word_tails, deterministic=True)
    for step in load_migrations()[:version]:
        for statement in _statements(step.sql):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version:d}")


def schema_version(path: Path) -> int:
    """Return the version of the schema in a database; 0 if it is missing or holds nothing of ours.

    Raises StorageError if it cannot be read.
    """
    # An empty file is not opened: SQLite would remove a -wal file beside it, which may be all there
    # is left to recover from.
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with (
        translated(path),
        contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection,
    ):
        [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


async def migrate(path: Path, connection: aiosqlite.Connection, steps: Sequence[Migration]) -> None:
    """Apply the steps that a database has not, each in a transaction.

    Raises StorageError, also for a schema that is newer; sqlite3.Error.
    """
    await connection.create_function("word_tails", 1, _word_tails, deterministic=True)
    version = await _version(connection)
    if version > len(steps):
        raise StorageError(
            f"The database {path} was made by a newer Mynah (schema {version}, this version knows "
            f"{len(steps)}). Update Mynah, or restore a backup from before the update."
        )
    for step in steps[version:]:
        async with transaction(connection) as execute:
            if await _version(connection) < step.version:  # no other process was faster
                await _apply(path, execute, step)


async def _apply(path: Path, execute: Execute, step: Migration) -> None:
    """Apply one step and record its version, in the transaction that is open.

    Statement by statement, because `executescript` commits first.
    """
    try:
        for statement in _statements(step.sql):
            await execute(statement)
        await execute(f"PRAGMA user_version = {step.version:d}")
    except (sqlite3.Error, ConstraintError) as error:
        if isinstance(error, sqlite3.Error) and is_full(path, error):
            raise
        raise StorageError(
            f"The database {path} could not be updated ({step.name}: {error}). Nothing of this "
            "step was kept. Please report it."
        ) from error


async def _version(connection: aiosqlite.Connection) -> int:
    [row] = await connection.execute_fetchall("PRAGMA user_version")
    return int(row[0])


def _word_tails(key: object) -> str:
    """For migrations; whatever a damaged row holds in place of a key has no words."""
    return json.dumps(word_tails(key) if isinstance(key, str) else [])


def _statements(sql: str) -> Iterator[str]:
    statement = ""
    for piece in re.split("(?<=;)", sql):  # a semicolon may stand in a text or a trigger
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
