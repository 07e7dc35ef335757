"""Whose voice speaks, and what Discord was told."""

from pathlib import Path

import pytest

from storage.errors import VoiceNotFoundError
from storage.settings import _OWN_VOICES, MAX_OWN_VOICES, SettingsStore
from storage.sqlite_database import SqliteDatabase
from storage.types import OPERATOR_GUILD_ID, NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import make_clip, set_guild_default, set_member_default
from tests.storage.stored import StoredClips, key_of

GUILD, OTHER_GUILD, ANN, BEN = 10, 20, 1, 2
APPLICATION = 99


@pytest.fixture
def settings(store: VoiceStore) -> SettingsStore:
    return SettingsStore.beside(store)


async def add(
    store: VoiceStore, name: str, guild_id: int = GUILD, owner_id: int | None = None
) -> VoiceProfile:
    voice = NewVoice(guild_id=guild_id, name=name, owner_id=owner_id)
    return await store.add(voice, make_clip())


async def name_for(
    settings: SettingsStore, guild_id: int = GUILD, user_id: int = ANN
) -> str | None:
    voices = await settings.voices_for(guild_id, user_id)
    return voices[0].name if voices else None


async def test_nobody_speaks_before_a_voice_exists(settings: SettingsStore) -> None:
    assert await name_for(settings) is None


async def test_the_guilds_default_speaks_for_who_enrolled_nothing(
    store: VoiceStore, settings: SettingsStore
) -> None:
    bens = await add(store, "ben", owner_id=BEN)
    await set_guild_default(store, GUILD, bens.id)
    assert await name_for(settings) == "ben"
    assert await name_for(settings, OTHER_GUILD) is None


async def test_the_voice_enrolled_last_comes_before_the_guilds_default(
    store: VoiceStore, settings: SettingsStore
) -> None:
    bens = await add(store, "ben", owner_id=BEN)
    await set_guild_default(store, GUILD, bens.id)
    await add(store, "zoe", owner_id=ANN)
    await add(store, "ann", owner_id=ANN)
    await add(store, "elsewhere", OTHER_GUILD, owner_id=ANN)
    assert await name_for(settings) == "ann"


async def test_the_members_own_default_comes_first(
    store: VoiceStore, settings: SettingsStore
) -> None:
    chosen = await add(store, "narrator", OPERATOR_GUILD_ID)
    await add(store, "ann", owner_id=ANN)
    await set_member_default(store, GUILD, ANN, chosen.id)
    assert await name_for(settings) == "narrator"
    assert await name_for(settings, user_id=BEN) is None
    default = await settings.member_default(GUILD, ANN)
    assert default is not None
    assert default.id == chosen.id


async def test_a_choice_replaces_the_one_before_and_can_be_taken_back(
    store: VoiceStore, settings: SettingsStore
) -> None:
    for name in ("one", "two"):
        voice = await add(store, name)
        await set_member_default(store, GUILD, ANN, voice.id)
        await set_guild_default(store, GUILD, voice.id)
    assert await name_for(settings) == "two"
    await set_member_default(store, GUILD, ANN, None)
    assert await settings.member_default(GUILD, ANN) is None
    await set_guild_default(store, GUILD, None)
    assert await settings.guild_default(GUILD) is None


async def test_a_deleted_voice_vanishes_from_the_defaults(
    store: VoiceStore, settings: SettingsStore
) -> None:
    voice = await add(store, "ann", owner_id=ANN)
    await set_member_default(store, GUILD, ANN, voice.id)
    await set_guild_default(store, GUILD, voice.id)
    await store.delete(voice.id)
    assert await settings.guild_default(GUILD) is None
    assert await name_for(settings) is None


async def test_a_voice_of_another_guild_cannot_be_chosen_and_changes_nothing(
    store: VoiceStore, settings: SettingsStore
) -> None:
    own = await add(store, "ann")
    foreign = await add(store, "foreign", OTHER_GUILD)
    await set_member_default(store, GUILD, ANN, own.id)
    await set_guild_default(store, GUILD, own.id)
    with pytest.raises(VoiceNotFoundError):
        await set_member_default(store, GUILD, ANN, foreign.id)
    with pytest.raises(VoiceNotFoundError):
        await set_guild_default(store, GUILD, foreign.id)
    default = await settings.guild_default(GUILD)
    assert default is not None
    assert default.name == await name_for(settings) == "ann"


async def test_choosing_asks_the_indexes_alone(tmp_path: Path) -> None:
    async with SqliteDatabase.open(tmp_path / "test.db") as database:
        rows = await database.read(f"EXPLAIN QUERY PLAN {_OWN_VOICES}", (GUILD, ANN, 5))
    assert not [row["detail"] for row in rows if row["detail"].startswith("SCAN voices")]


async def test_synced_definitions_are_kept_by_application_and_guild(
    settings: SettingsStore,
) -> None:
    assert await settings.synced_definition(APPLICATION, 0) is None
    await settings.set_synced_definition(APPLICATION, 0, "old")
    await settings.set_synced_definition(APPLICATION, 0, "new")
    await settings.set_synced_definition(APPLICATION, GUILD, "guild")
    assert await settings.synced_definition(APPLICATION, 0) == "new"
    assert await settings.synced_definition(APPLICATION, GUILD) == "guild"
    assert await settings.synced_definition(APPLICATION + 1, 0) is None


async def test_the_voices_of_a_member_are_their_default_and_what_they_enrolled(
    store: VoiceStore, settings: SettingsStore
) -> None:
    for number in range(MAX_OWN_VOICES):
        await add(store, f"ann {number}", owner_id=ANN)
    first = (await settings.own_voices(GUILD, ANN))[-1]
    assert first.name == "ann 0"
    await set_member_default(store, GUILD, ANN, first.id)
    await add(store, "elsewhere", OTHER_GUILD, owner_id=ANN)
    names = [voice.name for voice in await settings.own_voices(GUILD, ANN)]
    assert names == ["ann 0", "ann 4", "ann 3", "ann 2", "ann 1"]
    assert await settings.own_voices(GUILD, BEN) == []


async def test_the_operators_voices_are_those_that_are_whole(
    store: VoiceStore, settings: SettingsStore, clips: StoredClips
) -> None:
    voices = [
        await store.add(NewVoice(OPERATOR_GUILD_ID, str(seed)), make_clip(seed))
        for seed in range(3)
    ]
    await add(store, "guilds")
    clips.remove(key_of(voices[1]))
    await store.check()
    assert await settings.operator_voice_ids(9) == [voices[0].id, voices[2].id]
    assert await settings.operator_voice_ids(1) == [voices[0].id]


async def test_voices_come_in_the_order_of_their_ids(
    store: VoiceStore, settings: SettingsStore
) -> None:
    one, two = await add(store, "one"), await add(store, "two")
    found = await settings.voices_by_id([two.id, 999, one.id])
    assert [voice.name for voice in found] == ["two", "one"]
    assert await settings.voices_by_id([]) == []
