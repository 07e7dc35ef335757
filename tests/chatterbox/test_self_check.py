"""What the engine does about speech that went wrong. Random weights speak every text in a second,
so a long text is always too short."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine, judge
from bot.speech.engines.chatterbox.job import Attempt, Job
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt
from bot.speech.opus import decode_opus
from bot.speech.types import SelfCheck, Speech, SynthesisRequest, VoiceReference, VoiceSettings

Voices = tuple[VoiceReference, ...]

pytestmark = pytest.mark.parametrize("engine", ["english"], indirect=True)

GOOD = "Nobody finds fault with this."
TOO_LONG_FOR_A_SECOND = (
    "This is far more than anybody could say within a second, however quick. " * 2
)


def speak(
    engine: ChatterboxEngine, text: str, voices: Voices, temperature: float | None = None
) -> Speech:
    settings = VoiceSettings(seed=3, temperature=temperature)
    (speech,) = engine.synthesize([SynthesisRequest(text, voices[0], settings=settings)])
    assert isinstance(speech, Speech), speech
    return speech


@pytest.fixture
def prompts(engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    """What is decoded from now on."""
    seen: list[Prompt] = []
    decoder: Any = engine._speaker._decoder
    start = decoder.start

    def watched(prompt: Prompt) -> int:
        seen.append(prompt)
        return int(start(prompt))

    monkeypatch.setattr(decoder, "start", watched)
    return seen


def level_dbfs(speech: Speech) -> float:
    return float(10 * np.log10(np.square(decode_opus(speech.packets)).mean() + 1e-12))


def check(engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch, check: SelfCheck) -> None:
    speaker: Any = engine._speaker
    monkeypatch.setattr(speaker, "_check", check)
    monkeypatch.setattr(speaker._sounder, "_check", check)


@pytest.mark.parametrize("language", ["zh", "de-DE", None])
def test_it_is_judged_in_the_language_that_the_model_speaks(
    engine: ChatterboxEngine,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
    language: str | None,
) -> None:
    check(engine, monkeypatch, SelfCheck(retries=0))
    judged: list[str | None] = []
    bounds = judge.expected_seconds

    def watched(text: str, language: str | None) -> tuple[float, float]:
        judged.append(language)
        return bounds(text, language)

    monkeypatch.setattr(judge, "expected_seconds", watched)
    settings = VoiceSettings(seed=3, takes=2)
    engine.synthesize([SynthesisRequest(GOOD, voices[0], language, settings)])
    assert len(judged) >= 6  # the limit, the faults and the pace of two takes
    assert set(judged) == {"en"}


def test_a_bad_sentence_is_spoken_again_with_another_seed_so_often_and_no_more(
    engine: ChatterboxEngine,
    voices: Voices,
    prompts: list[Prompt],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    check(engine, monkeypatch, SelfCheck(retries=2))
    with caplog.at_level(logging.WARNING):
        speech = speak(engine, TOO_LONG_FOR_A_SECOND, voices)
    assert speech.retries == 2
    assert speech.doubtful
    # Two attempts were decoded for nothing.
    assert speech.timings["retry"] > speech.timings["decode"]
    assert prompts[0].seed == 3
    assert len({prompt.seed for prompt in prompts}) == len(prompts) == 3
    assert [record.message[-6:] for record in caplog.records] == ["1 of 2", "2 of 2"]
    assert "(too short)" in caplog.text
    assert speak(engine, TOO_LONG_FOR_A_SECOND, voices).packets == speech.packets


def test_a_good_sentence_is_spoken_once_and_the_check_shows_in_the_timings(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(engine, monkeypatch, SelfCheck())
    speech = speak(engine, GOOD, voices)
    assert speech.retries == 0
    assert not speech.doubtful
    assert 0 < speech.timings["check"] < 0.5
    assert "retry" not in speech.timings


def test_switched_off_it_takes_what_comes(
    engine: ChatterboxEngine, voices: Voices, prompts: list[Prompt]
) -> None:
    speech = speak(engine, TOO_LONG_FOR_A_SECOND, voices)
    assert speech.retries == 0
    assert "check" not in speech.timings
    assert prompts[0].max_tokens == 1000


def test_a_token_guard_ends_what_does_not_end(
    engine: ChatterboxEngine, voices: Voices, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(engine, monkeypatch, SelfCheck())
    speak(engine, GOOD, voices)
    assert 25 < prompts[0].max_tokens < 300


@pytest.mark.parametrize(("steady", "temperature"), [(True, 0.6), (False, 0.8)])
def test_one_or_two_words_are_steadied(
    steady: bool,
    temperature: float,
    engine: ChatterboxEngine,
    voices: Voices,
    prompts: list[Prompt],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check(engine, monkeypatch, SelfCheck(steady_short=steady, trim_tail=False))
    speech = speak(engine, "Hi!", voices)
    assert prompts[0].sampling.temperature == temperature
    assert speech.seconds == pytest.approx(1.0, abs=0.05)
    assert speak(engine, "Hi!", voices).packets == speech.packets


def test_a_short_text_is_heard_and_the_same_each_time(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(engine, monkeypatch, SelfCheck())
    for text in ("Hi!", "Oh no!", "你好！"):
        speech = speak(engine, text, voices)
        assert speech.retries == 0
        assert level_dbfs(speech) > -50
        assert speak(engine, text, voices).packets == speech.packets


@pytest.mark.parametrize("silences", [1, 9])
def test_a_short_text_that_cannot_be_heard_is_spoken_again(
    silences: int,
    engine: ChatterboxEngine,
    voices: Voices,
    prompts: list[Prompt],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    check(engine, monkeypatch, SelfCheck(retries=2))
    speaker: Any = engine._speaker
    vocoder = speaker._sounder._vocoder
    speak_aloud, left = vocoder.speak, [silences]

    def fall_silent(batch: list[Any]) -> list[Any]:
        left[0] -= 1
        return [wave * (left[0] < 0) for wave in speak_aloud(batch)]

    monkeypatch.setattr(vocoder, "speak", fall_silent)
    speech = speak(engine, "Hi!", voices)
    assert speech.retries == min(silences, 2)
    assert speech.doubtful == (silences > 2)
    assert "went wrong (silent)" in caplog.text
    assert {prompt.sampling.temperature for prompt in prompts} == {0.6}
    assert (level_dbfs(speech) > -50) == (silences == 1)


def test_what_follows_the_last_word_is_cut_unless_switched_off(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker: Any = engine._speaker
    vocoder = speaker._sounder._vocoder
    speak_aloud = vocoder.speak
    silence = np.zeros(2 * engine._model.sr, np.float32)
    monkeypatch.setattr(
        vocoder, "speak", lambda batch: [np.append(wave, silence) for wave in speak_aloud(batch)]
    )
    check(engine, monkeypatch, SelfCheck(trim_tail=False))
    whole = speak(engine, GOOD, voices)
    check(engine, monkeypatch, SelfCheck(trim_tail=True))
    cut = speak(engine, GOOD, voices)
    assert whole.seconds == pytest.approx(3.0, abs=0.05)
    assert 0.8 < cut.seconds < 1.5


@pytest.mark.parametrize("asked", [0.8, 1.2, 0.3])
def test_a_temperature_that_was_asked_for_is_kept(
    asked: float,
    engine: ChatterboxEngine,
    voices: Voices,
    prompts: list[Prompt],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check(engine, monkeypatch, SelfCheck(trim_tail=False))
    speak(engine, "Hi!", voices, temperature=asked)
    assert prompts[0].sampling.temperature == asked


def test_the_attempt_with_the_fewest_faults_is_spoken(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    del engine
    job = Job(0, SynthesisRequest(GOOD, voices[0]), seed=1)
    for seed, faults in enumerate((("no end", "a loop"), ("too long",), ("too short",))):
        job.attempts.append(Attempt(seed, Decoded((), True, None), faults))
    assert job.best.seed == 1
