"""Sentences whose clips lie in an object store, on their way to an engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from bot.errors import EngineError
from bot.held_clips import HeldClips, forget_clip
from bot.speech.engine import Engine
from bot.speech.probe import temporary_voice
from bot.speech.refusals import RecordingGoneError
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from storage.clips import load_clip
from storage.voices import VoiceStore
from tests.servers.s3 import Weather
from tests.storage.conftest import add

SPOKEN = Speech((b"packet",), 0.02)


class ReadingEngine:
    """Reads the clip of every sentence, as Chatterbox does."""

    kind = "chatterbox"

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        for request in batch:
            load_clip(request.voice.clip_path, request.voice.clip_sha256)
        return [SPOKEN for _ in batch]

    async def forget(self, clip_sha256: str) -> None:
        self.forgotten.append(clip_sha256)


async def request_of(store: VoiceStore, name: str, seed: int = 0) -> SynthesisRequest:
    voice = await add(store, name, seed=seed)
    return SynthesisRequest("Hi.", VoiceReference(store.clip_path(voice), voice.clip_sha256))


@pytest.fixture
def engine() -> ReadingEngine:
    return ReadingEngine()


def speaking(engine: ReadingEngine, store: VoiceStore) -> Any:
    return HeldClips(cast(Engine, engine), store.clips)


async def test_the_engine_finds_the_clips(store: VoiceStore, engine: ReadingEngine) -> None:
    batch = [await request_of(store, "Ann"), await request_of(store, "Bob", 1)]
    assert await speaking(engine, store).synthesize(batch) == [SPOKEN, SPOKEN]


async def test_a_recording_that_is_gone_fails_its_own_sentence_alone(
    store: VoiceStore, engine: ReadingEngine
) -> None:
    batch = [await request_of(store, "Ann"), await request_of(store, "Bob", 1)]
    store.clips.kept.delete(f"{batch[0].voice.clip_sha256}.pickle.gz")
    gone, spoken = await speaking(engine, store).synthesize(batch)
    assert isinstance(gone, RecordingGoneError)
    assert spoken == SPOKEN


async def test_a_store_that_is_away_fails_a_sentence_and_the_next_one_speaks(
    store: VoiceStore, engine: ReadingEngine, weather: Weather
) -> None:
    request = await request_of(store, "Ann")
    weather.fault = "fail"
    [failed] = await speaking(engine, store).synthesize([request])
    assert isinstance(failed, EngineError)
    weather.reset()
    assert await speaking(engine, store).synthesize([request]) == [SPOKEN]


async def test_a_recording_that_is_not_stored_is_read_where_it_lies(
    store: VoiceStore, engine: ReadingEngine
) -> None:
    with temporary_voice() as voice:  # of previews, and of what looks whether the bot is ready
        assert await speaking(engine, store).synthesize([SynthesisRequest("Hi.", voice)]) == [
            SPOKEN
        ]


async def test_a_forgotten_clip_is_neither_prepared_nor_fetched(
    store: VoiceStore, engine: ReadingEngine
) -> None:
    request = await request_of(store, "Ann")
    await speaking(engine, store).synthesize([request])
    assert request.voice.clip_path.exists()
    await forget_clip(cast(Engine, engine), store.clips, request.voice.clip_sha256)
    assert engine.forgotten == [request.voice.clip_sha256]
    assert not request.voice.clip_path.exists()
