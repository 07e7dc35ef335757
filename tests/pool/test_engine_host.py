"""The engine of an actor, without Ray: what joins, what is given up, what is forgotten."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from bot.errors import EngineDeadError, EngineError
from bot.pool.engine_host import EngineHost, UnknownClipError
from bot.speech import engine_worker
from bot.speech.engine_worker import EngineOpener
from bot.speech.types import EngineInfo, EngineSpec, Speech, SynthesisRequest, VoiceReference
from tests.speech.continuous_engine import ContinuousEngine, open_continuous, sentence
from tests.speech.scripted_engine import open_scripted, open_unfit

SECONDS = 30.0


class CloningEngine(ContinuousEngine):
    info: EngineInfo = dataclasses.replace(ContinuousEngine.info, clones=True)

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []

    def forget(self, clip_sha256: str) -> None:
        self.forgotten.append(clip_sha256)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EngineHost]]:
    monkeypatch.setattr(engine_worker, "_loaded", [])
    monkeypatch.setattr(engine_worker, "_go_offline", lambda walled: ())
    opened: list[EngineHost] = []
    yield opened
    for host in opened:
        host.close()


def begin(hosts: list[EngineHost], opener: EngineOpener) -> EngineHost:
    host = EngineHost(opener, EngineSpec())
    hosts.append(host)
    host.start()
    return host


def of_clip(text: str, sha256: str) -> SynthesisRequest:
    return SynthesisRequest(text, VoiceReference(Path(), sha256))


def test_a_sentence_joins_the_one_under_way(hosts: list[EngineHost]) -> None:
    host = begin(hosts, open_continuous)
    host.loaded.result(SECONDS)
    long = host.speak(sentence("x" * 1_000_000), None)
    short = host.speak(sentence("short"), None).result(SECONDS)
    assert isinstance(short, Speech)
    assert not long.done()
    assert long.cancel()
    assert host.sentences == 0


def test_a_sentence_that_is_alone_is_alone_among_those_of_all_bots(
    hosts: list[EngineHost],
) -> None:
    host = begin(hosts, open_continuous)
    host.loaded.result(SECONDS)
    one_bot = host.speak(sentence("x" * 2_000), None)
    alone = host.speak(dataclasses.replace(sentence("alone"), alone=True), None)
    other_bot = host.speak(sentence("y" * 2_000), None)
    spoken = [each.result(SECONDS) for each in (one_bot, alone, other_bot)]
    # Each tells whom it had for company.
    assert [each.packets for each in spoken if isinstance(each, Speech)] == [
        (b"x" * 2_000,), (b"alone",), (b"y" * 2_000,)]  # fmt: skip


def test_an_engine_that_speaks_one_at_a_time_speaks_all(hosts: list[EngineHost]) -> None:
    host = begin(hosts, open_scripted)
    spoken = [host.speak(sentence(f"{number}"), None) for number in range(5)]
    assert all(isinstance(each.result(SECONDS), Speech) for each in spoken)


def test_a_clip_comes_along_once(hosts: list[EngineHost]) -> None:
    host = begin(hosts, lambda _spec: CloningEngine())
    host.loaded.result(SECONDS)
    with pytest.raises(UnknownClipError):
        host.speak(of_clip("Hi", "a" * 64), None)
    host.speak(of_clip("Hi", "a" * 64), b"clip").result(SECONDS)
    host.speak(of_clip("Hi", "a" * 64), None).result(SECONDS)


def test_what_is_forgotten_is_gone_and_its_sentences_with_it(hosts: list[EngineHost]) -> None:
    engine = CloningEngine()
    host = begin(hosts, lambda _spec: engine)
    speaking = host.speak(of_clip("x" * 1_000_000, "a" * 64), b"clip")
    host.forget("a" * 64).result(SECONDS)
    assert engine.forgotten == ["a" * 64]
    assert isinstance(speaking.result(SECONDS), EngineError)
    with pytest.raises(UnknownClipError):
        host.speak(of_clip("Hi", "a" * 64), None)


def test_others_are_forgotten_but_not_what_is_being_spoken_with(hosts: list[EngineHost]) -> None:
    engine = CloningEngine()
    host = begin(hosts, lambda _spec: engine)
    host.loaded.result(SECONDS)
    host.speak(of_clip("Hi", "a" * 64), b"clip").result(SECONDS)
    speaking = host.speak(of_clip("x" * 1_000_000, "b" * 64), b"clip")
    host.forget_others().result(SECONDS)
    assert engine.forgotten == ["a" * 64]
    assert not speaking.done()
    assert "b" * 64 in host.clips
    with pytest.raises(UnknownClipError):
        host.speak(of_clip("Hi", "a" * 64), None)


def test_an_engine_that_cannot_be_loaded_says_why(hosts: list[EngineHost]) -> None:
    host = begin(hosts, open_unfit)
    assert isinstance(host.loaded.exception(SECONDS), EngineDeadError)


async def test_a_caller_that_is_cancelled_gives_its_sentence_up(hosts: list[EngineHost]) -> None:
    host = begin(hosts, open_continuous)
    spoken = host.speak(sentence("x" * 1_000_000), None)
    waiting = asyncio.wrap_future(spoken)
    waiting.cancel()
    with pytest.raises((CancelledError, asyncio.CancelledError)):
        await waiting
    while not spoken.cancelled():  # told by the loop
        await asyncio.sleep(0)
    assert host.sentences == 0


def test_a_closed_host_fails_what_waits(hosts: list[EngineHost]) -> None:
    host = begin(hosts, open_continuous)
    spoken = host.speak(sentence("x" * 1_000_000), None)
    host.close()
    assert isinstance(spoken.result(SECONDS), EngineDeadError)
    with pytest.raises(EngineError):
        host.speak(sentence("late"), None)
