"""What is erased or sealed stands in no file of the server's tables any more."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from storage.erasure import Eraser
from storage.errors import StorageError
from storage.postgres.database import PostgresDatabase
from storage.sealing import KeyRing
from storage.voices import VoiceStore
from tests.servers.postgres_server import PostgresServer
from tests.storage.sealed import add_with_evidence, reseal
from tests.storage.test_erasure import ANN, MO, block_and_share, enrol, live, spellings


@pytest.fixture
async def store(postgres_url: str, tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path, url=postgres_url) as opened:
        yield opened


async def found(
    postgres: PostgresServer, url: str, needles: Iterable[bytes]
) -> list[tuple[str, bytes]]:
    """Search the files of a database: of its tables, its indexes and its statistics."""
    await postgres.execute("CHECKPOINT")
    name = url.rpartition("/")[2]
    [[number]] = await postgres.fetch(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    contents = {}
    for path in (postgres.directory / "data" / "base" / str(number)).iterdir():
        with contextlib.suppress(FileNotFoundError):
            contents[path.name] = path.read_bytes()
    assert contents
    return [(name, n) for n in needles for name, content in contents.items() if n in content]


async def test_nothing_of_a_member_can_be_found_in_the_files_of_the_tables(
    store: VoiceStore, postgres: PostgresServer, postgres_url: str
) -> None:
    mo = await enrol(store, "Mo", MO, 100)
    hashes = await live(store, ANN, 1)
    await block_and_share(store, ANN, mo)
    await postgres.execute("ANALYZE", postgres_url)  # as the server itself does after a while
    needles = spellings(ANN, hashes)
    assert await found(postgres, postgres_url, needles)
    await Eraser.beside(store).erase_member(ANN)
    assert await found(postgres, postgres_url, needles) == []
    assert await found(postgres, postgres_url, spellings(MO, []))  # the search does find


async def test_while_another_program_reads_it_is_not_finished_and_then_it_is(
    store: VoiceStore, postgres: PostgresServer, postgres_url: str
) -> None:
    hashes = await live(store, ANN, 1)
    eraser = Eraser.beside(store)
    async with PostgresDatabase.open(postgres_url) as other, other.snapshot() as execute:
        await execute("SELECT count(*) FROM voices")
        with pytest.raises(StorageError, match="another program reads"):
            await eraser.erase_member(ANN)
    assert (await eraser.survey_member(ANN)).nothing
    await Eraser.beside(store).finish()  # another one, as after a restart
    assert await found(postgres, postgres_url, spellings(ANN, hashes)) == []


async def test_sealing_leaves_nothing_plain_in_the_files_of_the_tables(
    store: VoiceStore, postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    for number in range(5):
        await add_with_evidence(store, f"voice {number}", 1000 * number)
    await postgres.execute("ANALYZE", postgres_url)
    assert await found(postgres, postgres_url, [b"candle"])
    async with VoiceStore.open(tmp_path, KeyRing([b"k" * 32]), postgres_url) as sealing:
        assert (await reseal(sealing)).failed == ()
    assert await found(postgres, postgres_url, [b"candle"]) == []
