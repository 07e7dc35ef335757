"""Finding voices: by name, by prefix, in pages."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage import lookup
from storage.errors import VoiceNotFoundError
from storage.names import name_key
from storage.schema import load_migrations
from storage.sqlite_database import SqliteDatabase
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, make_clip, names


async def test_guild_finds_its_own_voice_before_the_operators(store: VoiceStore) -> None:
    operators = await add(store, "Anna", 0)
    assert await store.find(GUILD, "ANNA") == operators
    own = await add(store, "anna", seed=1)
    assert await store.find(GUILD, "ANNA") == own
    assert await store.find(OTHER_GUILD, " anna ") == operators
    assert await store.find(0, "Anna") == operators


async def test_other_guilds_voices_are_not_found(store: VoiceStore) -> None:
    await add(store, "Anna", OTHER_GUILD)
    with pytest.raises(VoiceNotFoundError, match=r"^There is no voice named “Anna”\.$"):
        await store.find(GUILD, "Anna")


async def test_not_found_suggests_close_names(store: VoiceStore) -> None:
    await add(store, "Johanna", 0)
    await add(store, "Johannes", seed=1)
    await add(store, "Zoë", seed=2)
    with pytest.raises(VoiceNotFoundError) as caught:
        await store.find(GUILD, "johana")
    assert str(caught.value) == (
        "There is no voice named “johana”. Did you mean “Johanna” or “Johannes”?"
    )


async def test_not_found_repeats_no_unsafe_text(store: VoiceStore) -> None:
    with pytest.raises(VoiceNotFoundError, match=r"^There is no voice named “a\ufffdb”\.$"):
        await store.find(GUILD, "a\x1bb")


async def test_list_is_in_the_order_of_names_and_has_pages(store: VoiceStore) -> None:
    for seed, name in enumerate(["bob", "Anna", "Émile", "carl"]):
        await add(store, name, seed=seed)
    await add(store, "Operator", 0)
    assert names(await store.list_voices(GUILD)) == ["Anna", "bob", "carl", "Émile"]
    assert names(await store.list_voices(GUILD, limit=2, offset=1)) == ["bob", "carl"]
    assert names(await store.list_voices(0)) == ["Operator"]


async def test_count_is_of_the_guilds_own(store: VoiceStore) -> None:
    await add(store, "Anna")
    await add(store, "Bob")
    await add(store, "Operator", 0)
    assert [await store.count(guild) for guild in (GUILD, 0, OTHER_GUILD)] == [2, 1, 0]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["an%", "Anna", "anton", "bob", "José", "ANGEL"]),
        ("an", ["an%", "Anna", "anton", "ANGEL"]),
        ("ANN", ["Anna"]),
        ("jose", ["José"]),
        ("an%", ["an%"]),
        ("a_", []),
        ("x", []),
        ("\U0010ffff", []),
    ],
)
async def test_search_is_by_prefix_own_voices_first(
    store: VoiceStore, prefix: str, found: list[str]
) -> None:
    for name in ["bob", "anton", "Anna", "an%", "José"]:
        await add(store, name)
    for name in ["ANGEL", "ANNA"]:  # the guild has its own Anna
        await add(store, name, 0)
    await add(store, "Anders", OTHER_GUILD)
    assert names(await store.search(GUILD, prefix)) == found


async def test_search_of_the_operator_finds_each_once(store: VoiceStore) -> None:
    await add(store, "Anna", 0)
    assert names(await store.search(0, "a")) == ["Anna"]


async def test_search_is_limited(store: VoiceStore) -> None:
    for number in range(4):
        await add(store, f"own {number}")
        await add(store, f"operator {number}", 0)
    assert names(await store.search(GUILD, "o", limit=3)) == ["own 0", "own 1", "own 2"]
    assert len(await store.search(GUILD, "o", limit=6)) == 6


INSIDE = ["Anna Maria", "Éva-Mari", "José María", "x (Marc)"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mari", ["maria-ann", "Anna Maria", "Éva-Mari", "José María"]),
        ("mar", ["Mara", "maria-ann", *INSIDE, "The MARK"]),
        ("maria", ["maria-ann", "Anna Maria"]),
        ("marí", ["José María"]),
        ("maria-a", ["maria-ann"]),
        ("anna m", ["Anna Maria"]),
        ("ann", ["Anna Maria", "maria-ann"]),
        ("ria", []),
        ("brien", ["O’Brien"]),
        ("咲", ["佐藤美咲"]),
        ("美咲", ["佐藤美咲"]),
        ("철수", ["김철수"]),
        ("polly", ["🦜Polly"]),
        ("🦜", ["🦜Polly"]),
        ("(m", []),
    ],
)
async def test_search_finds_the_beginning_of_any_word(
    store: VoiceStore, text: str, found: list[str]
) -> None:
    for name in ["Anna Maria", "José María", "Mara", "maria-ann", "x (Marc)", "Éva-Mari"]:
        await add(store, name)
    for name in ["O’Brien", "佐藤美咲", "김철수", "🦜Polly"]:
        await add(store, name)
    await add(store, "The MARK", 0)
    assert names(await store.search(GUILD, text)) == found


async def test_word_that_occurs_twice_is_found_once(store: VoiceStore) -> None:
    await add(store, "la la-la")
    assert names(await store.search(GUILD, "la")) == ["la la-la"]


async def test_words_follow_the_name(store: VoiceStore) -> None:
    voice = await add(store, "Anna Maria")
    await store.rename(voice.id, "Anna Berta")
    assert await store.search(GUILD, "mar") == []
    assert names(await store.search(GUILD, "ber")) == ["Anna Berta"]
    await store.delete(voice.id)
    assert await store.search(GUILD, "ber") == []


async def test_search_of_ones_own_leaves_out_all_others(store: VoiceStore) -> None:
    for number in range(30):
        await add(store, f"Anna {number}")
    for guild, owner, name in [
        (GUILD, 7, "zoe Anna"), (GUILD, 7, "ANNABEL"), (GUILD, 7, "Bob"),
        (GUILD, 8, "Annika"), (OTHER_GUILD, 7, "Anna of others"),
    ]:  # fmt: skip
        await store.add(NewVoice(guild, name, owner_id=owner), make_clip())
    await add(store, "Anna the operator", 0)
    assert names(await store.search(GUILD, "an", owner_id=7)) == ["ANNABEL", "zoe Anna"]
    assert names(await store.search(GUILD, "", owner_id=7)) == ["ANNABEL", "Bob", "zoe Anna"]
    assert names(await store.search(GUILD, "", 1, owner_id=7)) == ["ANNABEL"]


async def test_many_names_with_the_same_word_are_searched_in_bounds(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.lookup.MAX_WORD_MATCHES", 3)
    for name in ["Anna Bird", "Carl Bird", "Bob Bird", "Dora Bird"]:
        await add(store, name)
    assert len(await store.search(GUILD, "bird")) == 3


async def test_name_is_found_in_all_guilds(store: VoiceStore) -> None:
    for guild in (OTHER_GUILD, GUILD, 0):
        await add(store, "Straße", guild)
    await add(store, "Anna")
    found = await store.find_everywhere("STRASSE")
    assert [voice.guild_id for voice in found] == [0, GUILD, OTHER_GUILD]
    assert len(await store.find_everywhere("strasse", limit=1)) == 1
    assert await store.find_everywhere("Bob") == []


async def test_names_of_before_words_were_searched_are_found(directory: Path) -> None:
    directory.mkdir()
    async with SqliteDatabase.open(directory / "mynah.db", load_migrations()[:4]) as database:
        await database.write(
            lambda execute: execute(
                "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at)"
                " VALUES (?, 'José la-la', ?, ?, 1.5, '2026-01-02T03:04:05+00:00')",
                (GUILD, name_key("José la-la"), "0" * 64),
            )
        )
    async with VoiceStore.open(directory) as store:
        assert names(await store.search(GUILD, "la")) == ["José la-la"]


SEARCHES = [
    (lookup.SEARCH_NAMES, (GUILD, "a", 25, 0), ["INDEX voices_by_name"] * 2),
    (lookup.SEARCH_WORDS, (GUILD, "a", 25, 200), ["INTEGER PRIMARY KEY", "voice_words USING PRIM"]),
    (lookup.SEARCH_OWN, (GUILD, "a", 25, 7), ["voices_by_owner", "voice_words_by_voice"]),
]


@pytest.mark.parametrize(("sql", "parameters", "steps"), SEARCHES, ids=["names", "words", "own"])
@pytest.mark.usefixtures("store")
def test_search_walks_indexes_only(
    directory: Path, sql: str, parameters: tuple[Any, ...], steps: list[str]
) -> None:
    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as connection:
        plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, parameters)]
    for step in steps:
        assert sum(step in planned for planned in plan) == steps.count(step), plan
    assert not any(step.startswith("SCAN voice") for step in plan)
