"""Dictionaries that are kept ready, on a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dictionary import service as service_module
from bot.dictionary.service import DictionaryService
from bot.errors import UserError
from storage.dictionary import DictionaryBounds, DictionaryStore, Entry, Owner
from storage.sqlite_database import SqliteDatabase

GUILD, ANN, BEN = 10, 1, 2
OWN, SERVER = Owner(GUILD, ANN), Owner(GUILD)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase.open(tmp_path / "test.db") as opened:
        yield opened


@pytest.fixture
def dictionary(database: SqliteDatabase) -> DictionaryService:
    return DictionaryService(DictionaryStore(database))


async def said(dictionary: DictionaryService, text: str, user_id: int = ANN) -> str:
    matcher = await dictionary.of(GUILD, user_id)
    return matcher.entries("en").replace(text) if matcher is not None else text


async def test_nothing_stored_is_no_dictionary(dictionary: DictionaryService) -> None:
    assert await dictionary.of(GUILD, ANN) is None
    await dictionary.add(OWN, Entry("lol", "x"), ANN)
    await dictionary.remove(OWN, "lol")
    assert await dictionary.of(GUILD, ANN) is None


async def test_the_servers_holds_for_all_and_ones_own_comes_first(
    dictionary: DictionaryService,
) -> None:
    await dictionary.add(SERVER, Entry("lol", "laughing"), BEN)
    await dictionary.add(OWN, Entry("gg", "good game"), ANN)
    assert await said(dictionary, "lol gg") == "laughing good game"
    await dictionary.add(OWN, Entry("LOL", "mine"), ANN)
    assert await said(dictionary, "lol gg") == "mine good game"
    assert await said(dictionary, "lol gg", BEN) == await said(dictionary, "lol gg", 0)
    assert await said(dictionary, "lol gg", BEN) == "laughing gg"


async def test_a_change_by_another_process_is_seen(
    dictionary: DictionaryService, tmp_path: Path
) -> None:
    await dictionary.add(SERVER, Entry("lol", "laughing"), BEN)
    assert await said(dictionary, "lol") == "laughing"
    async with SqliteDatabase.open(tmp_path / "test.db") as elsewhere:
        other = DictionaryService(DictionaryStore(elsewhere))
        await other.add(SERVER, Entry("lol", "loud"), BEN)
        assert await said(dictionary, "lol") == "loud"
        await other.remove(SERVER, "lol")
        assert await said(dictionary, "lol") == "lol"


async def test_what_did_not_change_is_not_read_again(
    dictionary: DictionaryService, database: SqliteDatabase
) -> None:
    await dictionary.add(SERVER, Entry("lol", "laughing"), BEN)
    first = await dictionary.of(GUILD)
    await DictionaryService(DictionaryStore(database)).add(OWN, Entry("gg", "x"), ANN)
    again = await dictionary.of(GUILD)
    assert first is not None
    assert again is not None
    assert first.tables == again.tables


async def test_what_is_kept_is_bounded_and_forgotten_ones_come_back(
    dictionary: DictionaryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "MAX_KEPT_ENTRIES", 6)
    for guild_id in range(1, 5):
        for word in ("lol", "gg"):
            await dictionary.add(Owner(guild_id), Entry(word, str(guild_id)), ANN)
    for guild_id in (1, 2, 3, 4, 1):
        matcher = await dictionary.of(guild_id)
        assert matcher is not None
        assert matcher.entries("en").replace("lol") == str(guild_id)
        assert sum(table.size + 1 for _version, table in dictionary._tables.values()) <= 6
        assert dictionary._kept == sum(t.size + 1 for _v, t in dictionary._tables.values())


async def test_an_entry_that_is_only_tried_is_not_stored(dictionary: DictionaryService) -> None:
    await dictionary.add(OWN, Entry("lol", "before"), ANN)
    tried = await dictionary.with_entry(OWN, Entry("lol", "after"))
    assert tried.entries("en").replace("lol") == "after"
    assert await dictionary.entries(OWN) == [Entry("lol", "before")]


async def test_an_import_is_whole_or_nothing(
    dictionary: DictionaryService, database: SqliteDatabase
) -> None:
    file = json.dumps({str(number): "x" for number in range(2000)}).encode()
    task = asyncio.create_task(dictionary.import_file(OWN, file, ANN))
    counts = set()
    while not task.done():
        counts.add(len(await dictionary.entries(OWN)))
    assert len((await task).added) == 2000
    assert counts <= {0, 2000}


async def test_there_is_room_for_so_many_patterns(database: SqliteDatabase) -> None:
    bounds = DictionaryBounds(entries=3, patterns=1)
    dictionary = DictionaryService(DictionaryStore(database, bounds))
    await dictionary.add(OWN, Entry("a", "x", True), ANN)
    with pytest.raises(UserError, match="1 patterns already"):
        await dictionary.add(OWN, Entry("b", "x", True), ANN)
    await dictionary.add(OWN, Entry("A", "x"), ANN)
    await dictionary.add(OWN, Entry("a", "y", True), ANN)
    await dictionary.add(OWN, Entry("b", "x"), ANN)
    with pytest.raises(UserError, match="is full: it has 3 entries"):
        await dictionary.add(OWN, Entry("c", "x"), ANN)


async def test_the_event_loop_runs_while_a_hostile_pattern_is_tried(
    dictionary: DictionaryService,
) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    counting = asyncio.create_task(count())
    for written in ("(a+)+$", "(?R)*", r"(\w+\s?)+$"):
        with pytest.raises(UserError):
            await dictionary.add(OWN, Entry(written, "x", True), ANN)
    counting.cancel()
    assert turns > 20
