"""Entries of dictionaries in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.connections import Execute
from storage.dictionary import DictionaryBounds, DictionaryStore, Entry, Owner, Put
from storage.errors import ConstraintError, StorageError
from storage.sqlite_database import SqliteDatabase

OWN, SERVER = Owner(10, 1), Owner(10)
LOL = Entry("lol", "laughing")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase.open(tmp_path / "test.db") as opened:
        yield opened


@pytest.fixture
def store(database: SqliteDatabase) -> DictionaryStore:
    return DictionaryStore(database, DictionaryBounds(entries=3, patterns=1))


async def test_each_has_entries_of_their_own(store: DictionaryStore) -> None:
    assert await store.put(OWN, [LOL], 1) == [Put.ADDED]
    assert await store.entries(OWN) == [LOL]
    assert await store.entries(SERVER) == await store.entries(Owner(11, 1)) == []


async def test_a_word_is_one_in_any_case_and_a_pattern_and_a_language_are_others(
    store: DictionaryStore,
) -> None:
    german, pattern = Entry("LOL", "x", language="de"), Entry("LOL", "x", True)
    assert await store.put(OWN, [LOL, german, pattern], 1) == [Put.ADDED] * 3
    assert await store.put(OWN, [Entry("Lol", "loud")], 1) == [Put.REPLACED]
    assert await store.entries(OWN) == [pattern, german, Entry("Lol", "loud")]


async def test_what_has_no_room_is_left_out_and_the_rest_is_stored(store: DictionaryStore) -> None:
    given = [Entry(word, "x", word in "ab") for word in "abcde"] + [Entry("c", "y")]
    assert await store.put(OWN, given, 1) == [
        Put.ADDED,
        Put.TOO_MANY_PATTERNS,
        Put.ADDED,
        Put.ADDED,
        Put.FULL,
        Put.REPLACED,
    ]
    assert await store.entries(OWN) == [given[0], given[5], given[3]]


async def test_removing_returns_what_was_there(store: DictionaryStore) -> None:
    german = Entry("LOL", "x", language="de")
    await store.put(OWN, [LOL, german], 1)
    assert await store.remove(OWN, "lol", "de") == [german]
    assert await store.remove(OWN, "lol", "de") == []
    assert await store.remove(SERVER, "lol") == []
    assert await store.remove(OWN, "LoL") == [LOL]


async def test_all_of_one_are_removed(store: DictionaryStore) -> None:
    await store.put(OWN, [LOL, Entry("gg", "x")], 1)
    await store.put(SERVER, [LOL], 1)
    assert await store.clear(OWN) == 2
    before = await store.versions(10, 1)
    assert await store.clear(OWN) == 0
    assert await store.entries(SERVER) == [LOL]
    assert await store.versions(10, 1) == before


async def test_every_change_is_counted_and_nothing_else(store: DictionaryStore) -> None:
    assert await store.versions(10, 1) == {}
    await store.put(OWN, [LOL], 1)
    first = await store.versions(10, 1)
    await store.put(OWN, [LOL, Entry("gg", "x")], 1)
    assert await store.versions(10, 1) == {1: first[1] + 1}
    await store.put(SERVER, [LOL], 1)
    both = await store.versions(10, 1)
    assert set(both) == {0, 1}
    await store.remove(OWN, "nothing")
    await store.put(OWN, [], 1)
    assert await store.versions(10, 1) == both
    await store.remove(OWN, "lol")
    assert await store.versions(10, 1) == {0: both[0], 1: both[1] + 1}
    assert await store.versions(10, 0) == {0: both[0]}


async def test_a_dictionary_that_is_made_anew_does_not_count_on_from_1(
    store: DictionaryStore, database: SqliteDatabase
) -> None:
    await store.put(OWN, [LOL], 1)
    former = await store.versions(10, 1)
    for table in ("dictionary_entries", "dictionary_versions"):
        sql = f"DELETE FROM {table}"
        await database.write(lambda execute, sql=sql: execute(sql))  # type: ignore[misc]
    await store.put(OWN, [LOL], 1)
    assert await store.versions(10, 1) != former


async def test_what_fails_in_between_leaves_everything_as_it_was(
    store: DictionaryStore, database: SqliteDatabase
) -> None:
    await store.put(OWN, [LOL], 1)
    before = await store.versions(10, 1)
    with pytest.raises(StorageError):
        await store.put(OWN, [Entry("lol", "x"), Entry("gg", None)], 1)  # type: ignore[arg-type]
    assert await store.entries(OWN) == [LOL]
    assert await store.versions(10, 1) == before


async def test_a_damaged_row_is_read_as_far_as_it_can_be(
    store: DictionaryStore, database: SqliteDatabase
) -> None:
    await store.put(OWN, [LOL], 1)

    async def damage(execute: Execute) -> None:
        await execute("UPDATE dictionary_entries SET spoken = CAST(x'80' AS TEXT)")

    await database.write(damage)
    assert await store.entries(OWN) == [Entry("lol", "\ufffd")]


async def test_the_schema_refuses_what_is_no_entry(database: SqliteDatabase) -> None:
    async def insert(execute: Execute) -> None:
        await execute("INSERT INTO dictionary_entries VALUES (10, 1, 'other', 'a', '', 'b', 1)")

    with pytest.raises(ConstraintError):
        await database.write(insert)
