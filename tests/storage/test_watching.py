"""What tells others that something changed: the version, and the states of voices."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, make_clip, names


async def test_the_version_changes_with_what_another_process_commits(
    store: VoiceStore, directory: Path
) -> None:
    voice = await add(store, "Anna")
    before = await store.version()
    assert await store.version() == before
    async with VoiceStore.open(directory) as other:
        await other.rename(voice.id, "Berta")
        renamed = await store.version()
        assert renamed != before
        await other.list_voices(GUILD)
        assert await store.version() == renamed  # looking is no change


async def test_states_are_those_of_the_voices_that_exist(store: VoiceStore) -> None:
    anna, berta = await add(store, "Anna", seed=1), await add(store, "Berta", OTHER_GUILD, seed=2)
    gone = await add(store, "Gone", seed=3)
    await store.delete(gone.id)
    states = await store.states([anna.id, berta.id, gone.id, 999])
    assert states == {anna.id: anna.state, berta.id: berta.state}
    assert await store.states([]) == {}


async def test_states_follow_a_replacement(store: VoiceStore) -> None:
    anna = await add(store, "Anna")
    replaced = await store.replace(anna.id, make_clip(9), pitch_hz=None, quality=None)
    assert replaced.clip_sha256 != anna.clip_sha256
    assert await store.states([anna.id]) == {anna.id: replaced.state}


@pytest.mark.parametrize(
    ("shared", "found"),
    [(True, ["Anna", "Old Anna", "Annabel"]), (False, ["Anna", "Old Anna"])],
)
async def test_the_operators_voices_are_found_where_they_are_wanted(
    store: VoiceStore, shared: bool, found: list[str]
) -> None:
    await add(store, "Anna", seed=1)
    await add(store, "Old Anna", seed=2)
    await add(store, "Annabel", OPERATOR_GUILD_ID, seed=3)
    await add(store, "anna", OPERATOR_GUILD_ID, seed=4)  # hidden by the guild's own
    await add(store, "Annika", OTHER_GUILD, seed=5)
    assert sorted(names(await store.search(GUILD, "anna", shared=shared))) == sorted(found)
