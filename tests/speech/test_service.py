from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog

from bot.errors import EngineDeadError, EngineError, UserError
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance, distinct_notes
from bot.speech.texts import reads_for
from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.text.plan import TextLimits
from bot.text.sentences import letters

VOICE = VoiceReference(Path("clip"), "hash")
TEXT = "This is the first sentence. And this is the second one. Here comes the third."


class Recorder:
    """Notes the requests; fails for texts that ask for it."""

    def __init__(self) -> None:
        self.requests: list[SynthesisRequest] = []

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        self.requests += batch
        return [
            EngineError("no sound") if "fail" in request.text else Speech((b"packet",), 0.02)
            for request in batch
        ]


def service_of(recorder: Recorder, limits: TextLimits) -> SpeechService:
    lane = FairScheduler(recorder).lane(7, asyncio.get_running_loop().time)
    return SpeechService(lane, limits)


async def test_an_utterance_is_spoken_sentence_by_sentence() -> None:
    recorder = Recorder()
    service = service_of(recorder, TextLimits())
    utterance = Utterance(TEXT, VOICE, guild_id=7, language="en", settings=VoiceSettings(seed=3))
    speeches = [speech async for speech in service.speak(utterance)]
    assert len(speeches) == 3
    assert [request.text for request in recorder.requests] == list(service.plan(TEXT))
    assert {(r.voice, r.language, r.settings.seed) for r in recorder.requests} == {(VOICE, "en", 3)}


@pytest.mark.parametrize(
    ("retries", "level", "event"),
    [(0, "debug", "sentence spoken"), (2, "info", "sentence spoken again")],
)
async def test_each_sentence_is_logged_with_its_times_and_without_its_words(
    retries: int, level: str, event: str
) -> None:
    class Timed(Recorder):
        async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
            timings = {"decode": 1.23456, "encode": 0.05}
            return [Speech((b"packet",), 2.0, timings, retries=retries) for _ in batch]

    utterance = Utterance("Nobody else may read this.", VOICE, guild_id=7)
    with structlog.testing.capture_logs() as lines:
        [_ async for _ in service_of(Timed(), TextLimits()).speak(utterance)]
    assert lines == [
        {
            "event": event,
            "log_level": level,
            "guild": 7,
            "stage": "engine",
            "characters": 26,
            "seconds": 2.0,
            "retries": retries,
            "decode_seconds": 1.235,
            "encode_seconds": 0.05,
        }
    ]


class Loading:
    """An engine of which only loading tells which model it has."""

    def __init__(self, *models: str) -> None:
        self.models = list(models)
        self.reads = reads_for("chatterbox")

    async def load(self) -> None:
        if self.models:
            self.reads = reads_for("chatterbox", self.models.pop(0))

    def service(self, recorder: Recorder) -> SpeechService:
        lane = FairScheduler(recorder).lane(7, asyncio.get_running_loop().time)
        return SpeechService(lane, TextLimits(), lambda: self.reads, self.load)


LONG = "and so they went on and on without a mark of any kind " * 10


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        ("nano", "[laugh] Hi there.", ["[laugh] Hi there."]),
        ("english", "[laugh] Hi there.", ["laugh Hi there."]),
        ("multilingual:pt-br", "[laugh] 3 gatos.", ["três gatos."]),
    ],
)
async def test_what_was_planned_before_loading_is_said_as_the_model_wants_it(
    model: str, text: str, said: list[str]
) -> None:
    recorder, engine = Recorder(), Loading(model)
    service = engine.service(recorder)
    utterance = await service.planned(Utterance(text, VOICE))
    assert utterance.sentences
    [_ async for _ in service.speak(utterance)]
    assert [request.text for request in recorder.requests] == said


async def test_before_loading_a_text_is_cut_as_every_model_bears_it() -> None:
    utterance = await Loading().service(Recorder()).planned(Utterance(LONG, VOICE))
    assert max(map(letters, utterance.sentences or ())) <= 250


async def test_another_model_after_the_first_one_gets_its_own_reading() -> None:
    recorder, engine = Recorder(), Loading("nano", "english")
    service = engine.service(recorder)
    await engine.load()
    utterance = await service.planned(Utterance("[sigh] No.", VOICE))
    assert utterance.sentences == ("[sigh] No.",)
    [_ async for _ in service.speak(utterance)]
    assert [request.text for request in recorder.requests] == ["sigh No."]


async def test_what_was_planned_for_the_model_that_speaks_is_not_planned_again() -> None:
    engine = Loading("nano")
    service = engine.service(Recorder())
    await engine.load()
    utterance = await service.planned(Utterance("Hi there.", VOICE))
    assert await service.planned(utterance) is utterance


async def test_an_engine_that_cannot_be_loaded_says_so() -> None:
    async def load() -> None:
        raise EngineDeadError("There is no model.")

    lane = FairScheduler(Recorder()).lane(7, asyncio.get_running_loop().time)
    service = SpeechService(lane, TextLimits(), load=load)
    with pytest.raises(EngineDeadError, match="There is no model"):
        await anext(service.speak(Utterance(TEXT, VOICE)))


async def test_without_room_for_more_a_sentence_is_requested_when_it_is_asked_for() -> None:
    recorder = Recorder()
    speeches = service_of(recorder, TextLimits()).speak(Utterance(TEXT, VOICE))
    await anext(speeches)
    assert len(recorder.requests) == 1
    await speeches.aclose()


async def test_a_failed_sentence_ends_the_utterance_with_its_error() -> None:
    service = service_of(Recorder(), TextLimits())
    speeches = service.speak(
        Utterance("This first one is all fine. The second one will fail badly.", VOICE)
    )
    assert (await anext(speeches)).seconds == 0.02
    with pytest.raises(EngineError, match="no sound"):
        await anext(speeches)


async def test_the_limits_are_those_of_the_configuration() -> None:
    limits = TextLimits(max_characters=90, sentence_characters=60, first_sentence_characters=30)
    service = service_of(Recorder(), limits)
    pieces = service.plan(("word " * 18).strip())
    assert len(pieces[0]) <= 30
    assert all(len(piece) <= 60 for piece in pieces)
    with pytest.raises(UserError, match="the limit is 90"):
        service.plan("word " * 20)


async def test_the_settings_of_the_request_come_before_those_of_the_voice() -> None:
    recorder = Recorder()
    utterance = Utterance(
        TEXT,
        VOICE,
        voice_settings=VoiceSettings(exaggeration=1.0, temperature=0.5),
        settings=VoiceSettings(temperature=0.9),
    )
    async for _ in service_of(recorder, TextLimits()).speak(utterance):
        pass
    settings = VoiceSettings(exaggeration=1.0, temperature=0.9)
    assert [request.settings for request in recorder.requests] == [settings] * 3


def test_every_note_is_told_once() -> None:
    speeches = [Speech((), 0, notes=notes) for notes in (("a",), (), ("b", "a"))]
    assert distinct_notes(speeches) == ("a", "b")
