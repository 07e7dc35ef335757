"""How a voice speaks is kept with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageError, VoiceNotFoundError
from storage.schema import load_migrations
from storage.sqlite_database import SqliteDatabase
from storage.types import NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import make_clip

GUILD = 7
NAMES = (
    "exaggeration",
    "cfg_weight",
    "temperature",
    "seed",
    "takes",
    "language",
    "speed",
    "volume_db",
)
LARGEST_SEED = 2**53 - 1


async def add(store: VoiceStore) -> VoiceProfile:
    return await store.add(NewVoice(GUILD, "Anna"), make_clip())


async def tune(store: VoiceStore, voice_id: int, **settings: Any) -> VoiceProfile:
    return await store.tune(voice_id, **{**dict.fromkeys(NAMES), **settings})


def settings_of(voice: VoiceProfile) -> set[Any]:
    return {getattr(voice, name) for name in NAMES}


async def test_settings_are_set_anew_each_time(store: VoiceStore) -> None:
    voice = await add(store)
    assert settings_of(voice) == {None}
    settings = {"exaggeration": 1.5, "cfg_weight": 0.0, "seed": LARGEST_SEED, "speed": 0.5}
    tuned = await tune(store, voice.id, **settings)
    assert tuned == await store.get(voice.id)
    assert tuned == dataclasses.replace(voice, **settings)
    assert await tune(store, voice.id) == voice


async def test_settings_survive_a_new_recording(store: VoiceStore) -> None:
    voice = await add(store)
    await tune(store, voice.id, temperature=0.5, seed=3)
    replaced = await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    assert (replaced.temperature, replaced.seed) == (0.5, 3)


async def test_a_voice_that_is_gone_cannot_be_tuned(store: VoiceStore) -> None:
    with pytest.raises(VoiceNotFoundError):
        await tune(store, 7, exaggeration=1.0)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"exaggeration": -0.1},
        {"exaggeration": float("inf")},
        {"seed": -1},
        {"speed": 2.5},
        {"volume_db": -13},
    ],
)
async def test_nonsense_does_not_reach_the_settings(
    store: VoiceStore, nonsense: dict[str, float]
) -> None:
    voice = await add(store)
    with pytest.raises(StorageError, match=r"(?i)check constraint"):
        await tune(store, voice.id, **nonsense)
    assert await store.get(voice.id) == voice


@pytest.mark.parametrize("migrations", [2, 3])
async def test_voices_of_before_there_were_settings_speak_with_the_defaults(
    directory: Path, migrations: int
) -> None:
    directory.mkdir()
    async with SqliteDatabase.open(
        directory / "mynah.db", load_migrations()[:migrations]
    ) as database:
        await database.write(
            lambda execute: execute(
                "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at)"
                " VALUES (?, 'Anna', 'anna', ?, 1.5, '2026-01-02T03:04:05+00:00')",
                (GUILD, "0" * 64),
            )
        )
    async with VoiceStore.open(directory) as store:
        voice = await store.find(GUILD, "Anna")
        assert voice.seconds == 1.5
        assert settings_of(voice) == {None}
        tuned = await tune(store, voice.id, cfg_weight=0.3)
        assert tuned == dataclasses.replace(voice, cfg_weight=0.3)
