"""Several takes of a sentence, of which the best is spoken."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine, judge
from bot.speech.opus import decode_opus
from bot.speech.types import (
    SelfCheck,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import only_english

Voices = tuple[VoiceReference, ...]

pytestmark = only_english

TEXT = "Nobody finds fault with this."


def request(voices: Voices, takes: int | None, seed: int = 3) -> SynthesisRequest:
    return SynthesisRequest(TEXT, voices[0], settings=VoiceSettings(seed=seed, takes=takes))


def spoken(result: SynthesisResult) -> Speech:
    assert isinstance(result, Speech), result
    return result


def speak(engine: ChatterboxEngine, wanted: SynthesisRequest) -> Speech:
    return spoken(engine.synthesize([wanted])[0])


@pytest.fixture
def begun(engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of what is decoded from now on."""
    seeds: list[int] = []
    decoder: Any = engine._speaker._decoder
    start = decoder.start

    def watched(prompt: Any) -> int:
        seeds.append(prompt.seed)
        return int(start(prompt))

    monkeypatch.setattr(decoder, "start", watched)
    return seeds


def prefer(monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    """Have the take that ends as number `which` be the most usual one."""
    oddities = iter(float(number != which) for number in range(100))

    def oddness(tokens: Sequence[int], text: str, language: str | None) -> float:
        return next(oddities)

    monkeypatch.setattr(judge, "oddness", oddness)


def test_takes_are_decoded_together_each_with_a_seed_of_its_own(
    engine: ChatterboxEngine, voices: Voices, begun: list[int]
) -> None:
    engine.submit(0, request(voices, takes=3))
    engine.advance(0.0)
    decoder: Any = engine._speaker._decoder
    assert decoder.running == 3
    engine.withdraw(0)
    assert decoder.running == 0
    assert begun[0] == 3
    assert len(set(begun)) == 3


def test_of_takes_that_are_as_good_the_first_is_spoken(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "oddness", lambda tokens, text, language: 0.0)
    alone = speak(engine, request(voices, takes=None))
    assert speak(engine, request(voices, takes=4)).packets == alone.packets


def test_the_judge_chooses_the_take_that_is_spoken(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    prefer(monkeypatch, 1)
    chosen = speak(engine, request(voices, takes=3))
    # Alone, the same seed gives the same take.
    again = speak(engine, dataclasses.replace(request(voices, takes=None, seed=begun[1])))
    assert chosen.packets == again.packets


def test_takes_beside_other_sentences_leave_those_as_they_are(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    alone = speak(engine, request(voices, takes=None, seed=8))
    engine.submit(0, request(voices, takes=4))
    engine.submit(1, request(voices, takes=None, seed=8))
    results = {}
    while engine.busy:
        results |= dict(engine.advance(math.inf))
    assert spoken(results[1]).packets == alone.packets
    assert spoken(results[0]).packets


def test_fewer_slots_than_takes_make_fewer_takes_and_say_so(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    monkeypatch.setattr(engine._speaker, "slots", 2)
    monkeypatch.setattr(engine._speaker, "_most", 2)
    speech = speak(engine, request(voices, takes=4))
    assert len(begun) == 2
    assert speech.notes == (
        "The engine has no place for 4 takes: 2 are made. Its operator can raise [engine] slots.",
    )


def test_takes_wait_for_slots_without_being_lost(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    monkeypatch.setattr(engine._speaker, "_most", 1)
    speech = speak(engine, request(voices, takes=3))
    assert len(begun) == 3
    assert speech.notes == ()


def test_a_failure_of_the_decoding_fails_a_sentence_with_takes_once(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder: Any = engine._speaker._decoder

    def broken() -> None:
        raise RuntimeError("broken")

    engine.submit(0, request(voices, takes=3))
    monkeypatch.setattr(decoder, "step", broken)
    results = engine.advance(math.inf)
    assert [ticket for ticket, _ in results] == [0]
    assert not engine.busy
    monkeypatch.undo()
    assert speak(engine, request(voices, takes=2)).packets


def silence(
    engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch, retries: int, silences: int
) -> list[int]:
    """Make the first sentences silent that are made audible; return the seeds of all that are."""
    speaker: Any = engine._speaker
    for part in (speaker, speaker._sounder):
        monkeypatch.setattr(part, "_check", SelfCheck(retries=retries))
    monkeypatch.setattr(judge, "token_faults", lambda *args, **known: ())
    vocoder, seeds = speaker._sounder._vocoder, list[int]()
    aloud = vocoder.speak

    def speak_some(batch: list[Any]) -> list[Any]:
        seeds.extend(sounds.seed for sounds in batch)
        return [wave * (len(seeds) > silences) for wave in aloud(batch)]

    monkeypatch.setattr(vocoder, "speak", speak_some)
    return seeds


def is_silent(speech: Speech) -> bool:
    return float(np.abs(decode_opus(speech.packets)).max()) < 1e-3


@pytest.mark.parametrize("silences", [1, 2])
def test_a_silent_take_is_not_spoken_while_there_are_others(
    silences: int, engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = silence(engine, monkeypatch, retries=0, silences=silences)
    speech = speak(engine, request(voices, takes=3))
    assert (is_silent(speech), speech.retries) == (False, 0)
    assert len(heard) == len(set(heard)) == silences + 1


def test_takes_that_are_all_silent_end(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = silence(engine, monkeypatch, retries=0, silences=9)
    assert is_silent(speak(engine, request(voices, takes=3)))
    assert len(heard) == 3


def test_a_take_with_a_fault_is_spoken_rather_than_a_silent_one(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = silence(engine, monkeypatch, retries=0, silences=1)
    faults = iter([(), ("too long",)])
    monkeypatch.setattr(judge, "token_faults", lambda *args, **known: next(faults))
    assert not is_silent(speak(engine, request(voices, takes=2)))
    assert len(set(heard)) == 2


def test_a_last_try_that_is_silent_gives_way_to_one_that_can_be_heard(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = silence(engine, monkeypatch, retries=1, silences=0)
    faults = iter([("mostly silence",), (judge.SILENT,)])
    monkeypatch.setattr(judge, "wave_faults", lambda samples, rate: next(faults))
    assert speak(engine, request(voices, takes=None)).retries == 1
    first, last, spoken_one = heard
    assert (first != last, spoken_one) == (True, first)
