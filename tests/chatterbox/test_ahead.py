"""A text whose sentences are made ahead sounds as it does when they are made one by one."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Any

import pytest

from bot.speech.delivery import Delivery
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import only_english

of_each_kind = pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)

Voices = tuple[VoiceReference, ...]

SENTENCES = (
    "Good evening, everyone.",
    "The last train waits for the ferry.",
    "Please take your seats now.",
)


DELIVERIES = (Delivery(), Delivery(speed=1.5), Delivery(speed=0.75, volume_db=6.0))


def requests(voices: Voices) -> list[SynthesisRequest]:
    return [
        SynthesisRequest(text, voices[0], settings=VoiceSettings(seed=seed), delivery=delivery)
        for seed, (text, delivery) in enumerate(zip(SENTENCES, DELIVERIES, strict=True))
    ]


def packets(result: SynthesisResult) -> tuple[bytes, ...]:
    assert isinstance(result, Speech), result
    return result.packets


@of_each_kind
def test_sentences_that_join_while_the_first_is_made_sound_as_they_do_alone(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    alone = [packets(engine.synthesize([request])[0]) for request in requests(voices)]
    first, *others = requests(voices)
    engine.submit(0, first)
    results = dict(engine.advance(0.0))  # it is under way
    for ticket, request in enumerate(others, start=1):
        engine.submit(ticket, request)
    while engine.busy:
        results |= dict(engine.advance(math.inf))
    assert [packets(results[ticket]) for ticket in range(3)] == alone


@of_each_kind
def test_a_sentence_that_made_room_sounds_the_same_when_its_time_comes(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    alone = [packets(engine.synthesize([request])[0]) for request in requests(voices)]
    for ticket, request in enumerate(requests(voices)):
        engine.submit(ticket, request)
    results = dict(engine.advance(0.0))
    engine.withdraw(2)
    engine.submit(3, requests(voices)[2])
    while engine.busy:
        results |= dict(engine.advance(math.inf))
    assert [packets(results[ticket]) for ticket in (0, 1, 3)] == alone
    assert 2 not in results


def order_of(engine: ChatterboxEngine, requests: list[SynthesisRequest]) -> list[int]:
    """Return the tickets, which are places in the list, in the order in which they are done."""
    for ticket, request in enumerate(requests):
        engine.submit(ticket, request)
    order: list[int] = []
    while engine.busy:
        order += [ticket for ticket, _ in engine.advance(math.inf)]
    return order


@only_english
def test_what_is_heard_first_is_made_audible_before_what_was_decoded_sooner(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random weights stop after a second; the limit ends the later ones before.
    limits = dict(zip(SENTENCES, (24, 8, 16), strict=True))
    monkeypatch.setattr(engine._speaker, "_token_limit", lambda request: limits[request.text])
    ranked = [
        dataclasses.replace(request, rank=rank) for rank, request in enumerate(requests(voices))
    ]
    assert order_of(engine, ranked) == [0, 1, 2]
    assert order_of(engine, requests(voices)) == [1, 2, 0]


@only_english
def test_a_sentence_is_handed_over_before_the_next_is_made_audible(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = dict(zip(SENTENCES, (8, 16, 24), strict=True))
    monkeypatch.setattr(engine._speaker, "_token_limit", lambda request: limits[request.text])
    vocoder = engine._speaker._sounder._vocoder  # type: ignore[union-attr]
    speak, mark, events = vocoder.speak, vocoder.mark, list[str]()

    def spoken(batch: Any) -> Any:
        events.append("S3Gen")
        return speak(batch)

    def marked(samples: Any) -> Any:
        time.sleep(0.2)  # as long as the watermark of a long sentence takes
        return mark(samples)

    monkeypatch.setattr(vocoder, "speak", spoken)
    monkeypatch.setattr(vocoder, "mark", marked)
    for ticket, request in enumerate(requests(voices)):
        engine.submit(ticket, dataclasses.replace(request, rank=ticket))
    while engine.busy:
        events += [str(ticket) for ticket, _ in engine.advance(math.inf)]
    assert events == ["S3Gen", "0", "S3Gen", "1", "S3Gen", "2"]
