import gzip
import os
import pickle
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.key_file import create_key_file, new_key
from storage.sealing import KeyRing
from storage.setting_values import DEFAULT_VOICE, SettingValues
from storage.types import CLIP_SAMPLE_RATE, NewVoice, ReferenceClip, VoiceProfile
from storage.voices import VoiceStore
from tests.storage import stored
from tests.storage.stored import StoredClips, StoredRows

GUILD = 81_384_788_765_712_384
OTHER_GUILD = GUILD + 1


def make_clip(seed: int = 0, seconds: float = 0.1) -> ReferenceClip:
    noise = np.random.default_rng(seed).normal(0, 0.1, int(seconds * CLIP_SAMPLE_RATE))
    return ReferenceClip(noise.astype(np.float32))


async def add(store: VoiceStore, name: str, guild_id: int = GUILD, seed: int = 0) -> VoiceProfile:
    return await store.add(NewVoice(guild_id, name), make_clip(seed))


async def set_guild_default(store: VoiceStore, guild_id: int, voice_id: int | None) -> None:
    values = SettingValues.beside(store)
    await values.set_for_guild(guild_id, DEFAULT_VOICE, voice_id, changed_by=None)


async def set_member_default(
    store: VoiceStore, guild_id: int, user_id: int, voice_id: int | None
) -> None:
    await SettingValues.beside(store).set_for_member(guild_id, user_id, DEFAULT_VOICE, voice_id)


def names(profiles: list[VoiceProfile]) -> list[str]:
    return [profile.name for profile in profiles]


def clip_files(directory: Path) -> set[str]:
    return set(stored.clips_of(directory).names())


def gzip_pickle(content: Any, protocol: int = 4) -> bytes:
    return gzip.compress(pickle.dumps(content, protocol=protocol), 1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(directory: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(directory) as opened:
        yield opened


@pytest.fixture
def clips(directory: Path) -> StoredClips:
    """What the store has of clips, past it."""
    return stored.clips_of(directory)


@pytest.fixture
def rows(directory: Path) -> StoredRows:
    """What the store has of rows, past it."""
    return stored.rows_of(directory)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """File permissions mean nothing to root, so become somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "mynah.key"
    create_key_file(path, [new_key()])
    return path


@pytest.fixture
def ring(key_file: Path) -> KeyRing:
    return KeyRing.from_file(key_file)
