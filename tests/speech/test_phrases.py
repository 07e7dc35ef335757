"""Phrases that come often need no engine, and are never heard of a recording that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineDeadError, EngineError
from bot.speech.delivery import Delivery
from bot.speech.phrases import MOST_CHARACTERS, MOST_SEEN, PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import (
    EngineInfo,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.text.plan import TextLimits
from tests.speech.slot_engine import SlotEngine, settle

VOICE = VoiceReference(Path("clips/a"), "a" * 64, 120.0, "en")
OTHER_VOICE = VoiceReference(Path("clips/b"), "b" * 64, 120.0, "en")
REQUEST = SynthesisRequest("brb", VOICE, "en")
SIZE = 2_000


class Counting:
    """An engine that tells its sentences apart by a number in their packets."""

    def __init__(self, **details: Any) -> None:
        self.made: list[str] = []
        self.details = details
        self.dead = False

    async def load(self) -> None:
        if self.dead:
            raise EngineDeadError("The voice engine is out of order.")

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        await self.load()
        self.made += [request.text for request in batch]
        packet = f"{len(self.made)}".encode() + bytes(SIZE)
        return [Speech((packet,), 0.5, {"decode": 1.0}, retries=1, **self.details) for _ in batch]

    async def make(self) -> SynthesisResult:
        (result,) = await self.synthesize([REQUEST])
        return result


async def spoken(cache: PhraseCache, request: SynthesisRequest, engine: Counting) -> Speech:
    result = await cache.spoken(request, engine.make)
    assert isinstance(result, Speech)
    return result


async def kept(cache: PhraseCache, request: SynthesisRequest = REQUEST) -> Speech:
    """Have a phrase made twice, after which it is kept."""
    engine = Counting()
    for _ in range(2):
        speech = await spoken(cache, request, engine)
    assert cache.peek(request) is not None
    return speech


async def test_a_phrase_is_kept_when_it_is_made_again() -> None:
    cache, engine = PhraseCache(), Counting()
    speeches = [await spoken(cache, REQUEST, engine) for _ in range(4)]
    assert len(engine.made) == 2
    assert speeches[1].packets == speeches[2].packets == speeches[3].packets
    assert (cache.stats.hits, cache.stats.misses) == (2, 2)


async def test_what_is_kept_took_no_time_and_no_second_try() -> None:
    cache = PhraseCache()
    await kept(cache)
    speech = await spoken(cache, REQUEST, Counting())
    assert (speech.timings, speech.retries, speech.seconds) == ({}, 0, 0.5)


DIFFERENT = {
    "text": replace(REQUEST, text="lol"),
    "voice": replace(REQUEST, voice=OTHER_VOICE),
    "pitch": replace(REQUEST, voice=replace(VOICE, pitch_hz=121.0)),
    "the voice's language": replace(REQUEST, voice=replace(VOICE, language="de")),
    "language": replace(REQUEST, language="de"),
    "seed": replace(REQUEST, settings=VoiceSettings(seed=1)),
    "takes": replace(REQUEST, settings=VoiceSettings(takes=2)),
    "speed": replace(REQUEST, delivery=Delivery(speed=1.1)),
    "loudness": replace(REQUEST, delivery=Delivery(loudness_lufs=-18.0)),
}


@pytest.mark.parametrize("other", DIFFERENT.values(), ids=DIFFERENT)
async def test_what_sounds_different_is_another_phrase(other: SynthesisRequest) -> None:
    cache = PhraseCache()
    await kept(cache)
    assert cache.peek(other) is None


async def test_the_same_recording_is_found_wherever_it_lies_and_waits() -> None:
    cache = PhraseCache()
    await kept(cache)
    elsewhere = replace(REQUEST, voice=replace(VOICE, clip_path=Path("clips/copy")), rank=3)
    assert cache.peek(elsewhere) is not None


async def test_another_engine_has_phrases_of_its_own_and_the_first_finds_its_again() -> None:
    engines = ["turbo"]
    cache = PhraseCache(engine=lambda: engines[-1])
    await kept(cache)
    engines.append("nano")
    assert cache.peek(REQUEST) is None
    engines.append("turbo")
    assert cache.peek(REQUEST) is not None


async def test_before_an_engine_is_known_nothing_is_kept() -> None:
    cache, engine = PhraseCache(engine=lambda: None), Counting()
    for _ in range(3):
        await spoken(cache, REQUEST, engine)
    assert (len(engine.made), len(cache), cache.stats.misses) == (3, 0, 0)


async def test_what_was_begun_with_another_engine_is_not_kept_as_this_ones() -> None:
    engines, engine = ["turbo"], Counting()
    cache = PhraseCache(engine=lambda: engines[-1])

    async def reloaded() -> SynthesisResult:
        engines.append("nano")
        return await engine.make()

    for _ in range(3):
        await cache.spoken(REQUEST, reloaded)
        engines.append("turbo")
    assert len(cache) == 0


@pytest.mark.parametrize(
    "request_",
    [replace(REQUEST, text="a" * (MOST_CHARACTERS + 1)), REQUEST],
    ids=["text", "speech"],
)
async def test_what_is_long_is_not_kept(request_: SynthesisRequest) -> None:
    cache = PhraseCache()

    async def make() -> SynthesisResult:
        return Speech((b"packet",), 9.0)

    for _ in range(3):
        await cache.spoken(request_, make)
    assert len(cache) == 0


async def test_speech_with_faults_is_made_anew_each_time() -> None:
    cache, engine = PhraseCache(), Counting(doubtful=True)
    for _ in range(3):
        await spoken(cache, REQUEST, engine)
    assert (len(engine.made), len(cache)) == (3, 0)


async def test_a_failure_is_not_kept() -> None:
    cache = PhraseCache()

    async def fail() -> SynthesisResult:
        return EngineError("no sound")

    for _ in range(3):
        assert isinstance(await cache.spoken(REQUEST, fail), EngineError)
    assert len(cache) == 0


async def test_a_recording_that_is_gone_takes_its_phrases_along_and_no_others() -> None:
    cache = PhraseCache()
    other = replace(REQUEST, voice=OTHER_VOICE)
    for request in (REQUEST, other):
        await kept(cache, request)
    cache.forget(VOICE.clip_sha256)
    assert cache.peek(REQUEST) is None
    assert cache.peek(other) is not None
    cache.forget(OTHER_VOICE.clip_sha256)
    assert cache.bytes == 0


async def test_what_was_under_way_when_its_recording_went_is_not_kept() -> None:
    cache, engine = PhraseCache(), SlotEngine()
    await kept(cache)
    cache.forget(VOICE.clip_sha256)

    async def make() -> SynthesisResult:
        (result,) = await engine.synthesize([REQUEST])
        return result

    for _ in range(3):
        task = asyncio.create_task(cache.spoken(REQUEST, make))
        await settle()
        cache.forget(VOICE.clip_sha256)
        await engine.finish()
        await task
    assert len(cache) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=80))
async def test_it_is_bounded_and_what_was_used_last_stays(uses: list[tuple[int, int]]) -> None:
    bound = 4 * (SIZE + 100)
    cache = PhraseCache(bound)
    for phrase, voice in uses:
        reference = replace(VOICE, clip_sha256=f"{voice}")
        request = replace(REQUEST, text=f"phrase {phrase}", voice=reference)
        await spoken(cache, request, Counting())
        if cache.peek(request) is not None:
            await spoken(cache, request, Counting())
        assert cache.bytes <= bound
        assert (cache.bytes == 0) == (len(cache) == 0)
        if phrase == voice:
            cache.forget(reference.clip_sha256)
            assert cache.peek(request) is None


async def test_the_least_recently_used_goes_first() -> None:
    cache = PhraseCache(2 * (SIZE + 100))
    first, second, third = (replace(REQUEST, text=text) for text in ("one", "two", "three"))
    await kept(cache, first)
    await kept(cache, second)
    await spoken(cache, first, Counting())
    await kept(cache, third)
    assert [cache.peek(each) is not None for each in (first, second, third)] == [True, False, True]


async def test_with_no_memory_nothing_is_kept() -> None:
    cache, engine = PhraseCache(0), Counting()
    for _ in range(3):
        await spoken(cache, REQUEST, engine)
    assert (len(engine.made), cache.bytes) == (3, 0)


async def test_what_was_said_once_long_ago_is_forgotten() -> None:
    cache, engine = PhraseCache(), Counting()
    await spoken(cache, REQUEST, engine)
    for number in range(MOST_SEEN):
        await spoken(cache, replace(REQUEST, text=f"{number}"), engine)
    await spoken(cache, REQUEST, engine)
    assert cache.peek(REQUEST) is None


def test_an_engine_sounds_by_its_model_and_numbers_not_by_how_long_it_loaded() -> None:
    info = EngineInfo("chatterbox", "turbo", "cpu", True, "why", 3.0, computes="bf16")
    assert replace(info, load_seconds=9.0, slots=4, reason="other").sound == info.sound
    assert replace(info, model="nano").sound != info.sound
    assert replace(info, computes="fp32").sound != info.sound


class Speaking:
    """A service with a cache, over an engine that counts."""

    def __init__(self) -> None:
        self.engine, self.cache = Counting(), PhraseCache()
        self.scheduler = FairScheduler(self.engine)

    async def say(self, text: str = "brb", **details: Any) -> list[bytes]:
        lane = self.scheduler.lane(1, asyncio.get_running_loop().time)
        service = SpeechService(lane, TextLimits(), load=self.engine.load, phrases=self.cache)
        utterance = Utterance(text, VOICE, **{"repeats": True, **details})
        async with aclosing(service.speak(utterance)) as speeches:
            return [packet async for speech in speeches for packet in speech.packets]


async def test_a_phrase_is_said_while_the_engine_is_dead() -> None:
    speaking = Speaking()
    for _ in range(2):
        said = await speaking.say()
    speaking.engine.dead = True
    assert await speaking.say() == said
    with pytest.raises(EngineDeadError):
        await speaking.say("brb. This was never said.")
    assert len(speaking.engine.made) == 2


async def test_a_phrase_within_a_text_needs_no_turn_of_the_engine() -> None:
    speaking = Speaking()
    for _ in range(2):
        await speaking.say(sentences=("Good morning.", "Who is there?"))
    await speaking.say(sentences=("Good morning.", "This is new."))
    assert speaking.engine.made[4:] == ["This is new."]


async def test_where_it_is_not_allowed_each_is_made_anew_and_none_is_kept() -> None:
    speaking = Speaking()
    for _ in range(3):
        await speaking.say(repeats=False)
    assert (len(speaking.engine.made), len(speaking.cache)) == (3, 0)
    for _ in range(2):
        await speaking.say()
    await speaking.say(repeats=False)
    assert len(speaking.engine.made) == 6


@pytest.mark.parametrize("whose", ["settings", "voice_settings"])
async def test_with_a_fixed_seed_it_is_kept_in_any_case(whose: str) -> None:
    speaking = Speaking()
    for _ in range(3):
        await speaking.say(repeats=False, **{whose: VoiceSettings(seed=4)})
    assert len(speaking.engine.made) == 2


async def test_a_voice_that_was_deleted_is_not_heard_from_the_cache() -> None:
    speaking = Speaking()
    for _ in range(2):
        await speaking.say()

    async def gone() -> VoiceReference:
        raise EngineError("The voice was deleted, so this is not said.")

    with pytest.raises(EngineError, match="deleted"):
        await speaking.say(current_voice=gone)
