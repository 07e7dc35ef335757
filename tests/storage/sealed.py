"""Voices with evidence, sealed, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from storage.resealing import Resealed, Resealing
from storage.sealing import NO_KEYS, KeyRing
from storage.types import NewConsent, NewVoice
from storage.voices import VoiceStore
from tests.storage import stored
from tests.storage.conftest import GUILD, make_clip

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RECORD = {"words": ["river", "candle"]}


@asynccontextmanager
async def opened(directory: Path, keys: KeyRing = NO_KEYS) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(directory, keys) as store:
        yield store


async def add_with_evidence(store: VoiceStore, name: str = "Anna", seed: int = 0) -> int:
    consent = NewConsent(7, NOW, RECORD, make_clip(seed + 100))
    voice = NewVoice(GUILD, name, owner_id=7, consented_by=7, consented_at=NOW, level="spoken")
    return (await store.add(voice, make_clip(seed), consent=consent)).id


async def prove(store: VoiceStore, voice_id: int, seed: int = 0) -> None:
    """Read all of a voice: its clip, its evidence, and the sentence of consent."""
    voice = await store.get(voice_id)
    loaded = await store.load_clip(voice)
    np.testing.assert_array_equal(loaded.samples, make_clip(seed).samples)
    consent = await store.consent_of(voice_id, voice.clip_sha256)
    assert consent is not None
    assert consent.record == RECORD
    sentence = await store.load_consent_clip(consent)
    assert sentence is not None
    np.testing.assert_array_equal(sentence.samples, make_clip(seed + 100).samples)


def contents(directory: Path) -> list[bytes]:
    clips = stored.clips_of(directory)
    return [clips.read(f"clips/{name}") for name in clips.names()]


async def reseal(store: VoiceStore, *, plain: bool = False) -> Resealed:
    return await Resealing.beside(store, plain=plain).run(lambda done, total: None)
