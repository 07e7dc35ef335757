"""Finding voices: by name, by prefix, in pages."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from storage.errors import VoiceNotFoundError
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, names


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


async def test_search_walks_the_index_only(store: VoiceStore, directory: Path) -> None:
    from storage.lookup import SEARCH

    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as connection:
        plan = [
            row[3]
            for row in connection.execute("EXPLAIN QUERY PLAN " + SEARCH, (GUILD, "a", 25, 0))
        ]
    assert sum("USING INDEX voices_by_name" in step for step in plan) == 2
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN voices") for step in plan)
