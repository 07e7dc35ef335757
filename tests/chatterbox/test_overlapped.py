"""What goes wrong while sentences are made audible beside the decoding, as on a GPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import EngineError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.batch import BatchSpeaker
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.types import Speech, SynthesisRequest
from tests.chatterbox.conftest import spec
from tests.chatterbox.failing import NO_MEMORY, Voices, asked, failing, finish, packets

pytestmark = pytest.mark.parametrize("engine", ["english"], indirect=True)

in_eights = pytest.mark.parametrize("overlapped", [8], indirect=True)


@pytest.fixture
def decoder(engine: ChatterboxEngine) -> Iterator[Any]:
    """The engine's decoder, which must be free in the end."""
    speaker: Any = engine._speaker
    yield speaker._decoder
    assert speaker._decoder.running == 0
    assert not engine.busy


@pytest.fixture
def overlapped(request: pytest.FixtureRequest, engine: ChatterboxEngine) -> Iterator[BatchSpeaker]:
    """A speaker over the same model that works as on a GPU. Its parameter: the vocoder's batch."""
    speaker: Any = engine._speaker
    settings = spec("english", Path(), vocoder_batch=getattr(request, "param", 1))
    failures = Failures(engine.voices.clear)
    own = BatchSpeaker(
        engine._model, settings, engine.voices, failures, speaker._decoder, overlapped=True
    )
    yield own
    own.abandon()


def test_beside_the_decoding_sentences_sound_as_they_do_in_turn(
    engine: ChatterboxEngine, overlapped: BatchSpeaker, voices: Voices
) -> None:
    in_turn = engine.synthesize([asked(voice) for voice in voices])
    for ticket, voice in enumerate(voices):
        overlapped.submit(ticket, asked(voice))
    results = finish(overlapped)
    assert [packets(results[ticket]) for ticket in range(4)] == list(map(packets, in_turn))


class Held:
    """The vocoder at its first sentence; it goes on when the test says so."""

    def __init__(self, speaker: BatchSpeaker) -> None:
        self.speaker = speaker
        self.vocoder: Any = speaker._sounder._vocoder
        self.groups: list[int] = []
        self.began, self.go_on = threading.Event(), threading.Event()
        self._speak = self.vocoder.speak

    def speak(self, batch: Any) -> Any:
        self.groups.append(len(batch))
        self.began.set()
        assert self.go_on.wait(60)
        return self._speak(batch)

    def decode(self, *requests: SynthesisRequest) -> None:
        """Decode sentences one after the other, while the vocoder is busy with the first."""
        for ticket, wanted in enumerate(requests):
            self.speaker.submit(ticket, wanted)
            self.speaker.advance(0)
            while self.speaker._decoding:
                assert self.speaker.advance(0) == []
            assert self.began.wait(60)


@pytest.fixture
def held(overlapped: BatchSpeaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held(overlapped)
    monkeypatch.setattr(held.vocoder, "speak", held.speak)
    yield held
    held.go_on.set()


@in_eights
def test_what_waits_for_the_vocoder_and_is_of_equal_length_is_taken_together(
    overlapped: BatchSpeaker, held: Held, voices: Voices
) -> None:
    held.decode(*(asked(voice) for voice in voices))
    held.go_on.set()
    assert all(map(packets, finish(overlapped).values()))
    assert held.groups == [1, 3]


def test_what_is_withdrawn_while_it_waits_for_the_vocoder_is_not_made_audible(
    overlapped: BatchSpeaker, held: Held, voices: Voices
) -> None:
    held.decode(*(asked(voice) for voice in voices[:3]))
    overlapped.withdraw(1)
    held.go_on.set()
    assert finish(overlapped).keys() == {0, 2}
    assert held.groups == [1, 1]


@in_eights
def test_of_several_made_audible_together_one_fails_alone(
    engine: ChatterboxEngine,
    overlapped: BatchSpeaker,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vocoder: Any = overlapped._sounder._vocoder
    speak, groups = vocoder.speak, []

    def spoilt(batch: Any) -> Any:
        waves = speak(batch)
        groups.append(len(waves))
        waves[0] = np.full_like(waves[0], np.nan)
        return waves

    monkeypatch.setattr(vocoder, "speak", spoilt)
    for ticket in range(3):
        overlapped.submit(ticket, asked(voices[ticket]))
    results = finish(overlapped)
    assert groups == [3]
    assert [type(results[ticket]) for ticket in range(3)] == [EngineError, Speech, Speech]


@in_eights
def test_too_little_memory_to_make_several_audible_is_enough_for_one_by_one(
    engine: ChatterboxEngine,
    overlapped: BatchSpeaker,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = engine._model.s3gen.flow
    monkeypatch.setattr(flow, "inference", failing(NO_MEMORY, 1, flow.inference))
    for ticket in range(3):
        overlapped.submit(ticket, asked(voices[ticket]))
    assert all(map(packets, finish(overlapped).values()))


@pytest.mark.parametrize("where", ["_advance", "_prefill"])
def test_a_sentence_waits_for_memory_that_the_vocoder_holds(
    where: str,
    engine: ChatterboxEngine,
    overlapped: BatchSpeaker,
    held: Held,
    decoder: Any,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = [packets(engine.synthesize([asked(voice)])[0]) for voice in voices[:2]]
    work, tries = getattr(decoder, where), []

    def fail(*arguments: Any) -> Any:
        if not held.go_on.is_set():
            tries.append(where)
            raise RuntimeError(NO_MEMORY)
        return work(*arguments)

    held.decode(asked(voices[0]))
    monkeypatch.setattr(decoder, where, fail)
    overlapped.submit(1, asked(voices[1]))
    for _ in range(5):
        assert overlapped.advance(0) == []
    assert tries == [where]  # once, not again and again
    held.go_on.set()
    results = finish(overlapped)
    assert [packets(results[ticket]) for ticket in range(2)] == alone


def test_what_is_withdrawn_while_it_is_made_audible_comes_to_nothing(
    overlapped: BatchSpeaker, voices: Voices
) -> None:
    overlapped.submit(0, asked(voices[0]))
    while not overlapped._sounder.busy:
        assert overlapped.advance(0) == []
    overlapped.withdraw(0)
    assert finish(overlapped) == {}
