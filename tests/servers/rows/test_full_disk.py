"""A server whose disk is full: it is told, nothing is half done, and deletion makes room."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage.connections import Execute
from storage.errors import DiskFullError
from storage.postgres.database import PostgresDatabase
from tests.servers.postgres_server import PostgresServer

SIZE_MB = 16


@pytest.fixture
async def small_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """A database on a file system of a few megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place = postgres.directory / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)]
    subprocess.run(command, check=True)
    try:
        shutil.chown(place, "nobody")
        await postgres.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        await postgres.execute("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
        yield postgres.url("small")
        await postgres.drop("small")
        await postgres.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", str(place)], check=True)


async def fill(url: str) -> None:
    """Take the room that is left."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE filler (content TEXT STORAGE PLAIN)")
    for rows in (50, 1):
        with contextlib.suppress(asyncpg.DiskFullError):
            while True:
                await connection.execute(
                    f"INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, {rows})"
                )
    await connection.close()


async def note_many(execute: Execute) -> None:
    for number in range(500):
        await execute("INSERT INTO unneeded_clips VALUES (?)", (f"{number:064}",))


async def test_a_full_disk_is_told_and_nothing_is_half_done(small_url: str) -> None:
    async with PostgresDatabase.open(small_url) as database:
        await fill(small_url)
        with pytest.raises(DiskFullError, match="The server's disk is full"):
            await database.write(note_many)
        assert await database.read("SELECT * FROM unneeded_clips") == []
        connection = await asyncpg.connect(small_url)
        await connection.execute("DROP TABLE filler")
        await connection.execute("CHECKPOINT")  # files of what was dropped go with it
        await connection.close()
        await database.write(note_many)
        assert len(await database.read("SELECT * FROM unneeded_clips")) == 500
