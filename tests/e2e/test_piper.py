import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pyloudnorm
import pytest

from bot.errors import EngineError
from bot.speech.delivery import Delivery
from bot.speech.engines import piper
from bot.speech.engines.base import to_speech
from bot.speech.engines.piper import PiperEngine
from bot.speech.opus import decode_opus
from bot.speech.types import (
    EngineSpec,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)

SENTENCE = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep."
OTHER_SENTENCE = "I am very glad to see all of you here this evening."


@pytest.fixture(scope="module")
def engine() -> PiperEngine:
    return PiperEngine(EngineSpec(kind="piper"), "chosen by the test")


def request(
    text: str = SENTENCE, pitch_hz: float | None = None, seed: int | None = None
) -> SynthesisRequest:
    voice = VoiceReference(Path("unused"), "", pitch_hz)
    return SynthesisRequest(text, voice, settings=VoiceSettings(seed=seed))


def speak(engine: PiperEngine, request: SynthesisRequest) -> Speech:
    (result,) = engine.synthesize([request])
    assert isinstance(result, Speech), result
    return result


def heard_pitch(speech: Speech) -> float:
    samples = librosa.resample(decode_opus(speech.packets), orig_sr=48_000, target_sr=16_000)
    pitch, voiced, _ = librosa.pyin(samples, fmin=50, fmax=500, sr=16_000)
    return float(np.median(pitch[voiced]))


@pytest.mark.parametrize("pitch_hz", [75, 90, 130, 200, 260])
@pytest.mark.parametrize("text", [SENTENCE, OTHER_SENTENCE], ids=["first", "second"])
def test_the_voice_speaks_at_the_enrolled_pitch(
    engine: PiperEngine, pitch_hz: float, text: str
) -> None:
    assert heard_pitch(speak(engine, request(text, pitch_hz, seed=1))) == pytest.approx(
        pitch_hz, rel=0.15
    )


def test_the_pitch_does_not_change_the_tempo(engine: PiperEngine) -> None:
    low, high = (speak(engine, request(pitch_hz=hz, seed=1)).seconds for hz in (90, 200))
    assert high == pytest.approx(low, rel=0.2)


def test_settings_are_said_to_be_ignored(engine: PiperEngine) -> None:
    tuned = dataclasses.replace(request(), settings=VoiceSettings(temperature=0.5))
    assert speak(engine, tuned).notes == ("The preview model ignores temperature.",)
    assert speak(engine, request()).notes == ()


def test_without_a_pitch_the_stock_voice_speaks(engine: PiperEngine) -> None:
    assert 80 < heard_pitch(speak(engine, request(pitch_hz=None, seed=1))) < 120


def test_absurd_pitches_are_bounded(engine: PiperEngine) -> None:
    assert speak(engine, request(pitch_hz=5.0)).seconds < 12
    assert speak(engine, request(pitch_hz=5_000.0)).seconds > 2


@pytest.fixture(scope="module")
def four_voices(engine: PiperEngine) -> list[tuple[np.ndarray, float]]:
    """What the engine makes of a sentence at four pitches, with its rates."""
    made = []

    def keep(samples: np.ndarray, rate: float, *others: Any, notes: Any) -> Speech:
        made.append((samples, rate))
        return Speech((), 0.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piper, "to_speech", keep)
        for pitch_hz in (80, 110, 160, 240):
            speak(engine, request(pitch_hz=pitch_hz, seed=1))
    return made


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("volume_db", [-12.0, 0.0, 6.0])
def test_four_voices_are_equally_loud(
    four_voices: list[tuple[np.ndarray, float]], speed: float, volume_db: float
) -> None:
    delivery = Delivery(speed, volume_db)
    heard = [
        decode_opus(to_speech(samples, rate, {}, delivery).packets) for samples, rate in four_voices
    ]
    meter = pyloudnorm.Meter(48_000)
    loudness = [meter.integrated_loudness(samples.astype(np.float64)) for samples in heard]
    assert max(loudness) - min(loudness) < 1.5
    assert np.mean(loudness) == pytest.approx(-20 + volume_db, abs=1.2)
    assert max(np.abs(samples).max() for samples in heard) <= 10 ** (-1 / 20)


def test_a_request_is_spoken_as_it_asks(engine: PiperEngine) -> None:
    plain = request("Same again.", seed=7)
    fast = dataclasses.replace(plain, delivery=Delivery(speed=2.0))
    seconds = speak(engine, plain).seconds / 2
    assert speak(engine, fast).seconds == pytest.approx(seconds, abs=0.01)


def test_the_same_seed_gives_the_same_packets(engine: PiperEngine) -> None:
    first, second, other = (speak(engine, request("Same again.", seed=seed)) for seed in (7, 7, 8))
    assert first.packets == second.packets
    assert first.packets != other.packets


def test_without_a_seed_every_reading_differs(engine: PiperEngine) -> None:
    first, second = (speak(engine, request("Same again.")) for _ in range(2))
    assert first.packets != second.packets


def test_speech_carries_its_length_and_timings(engine: PiperEngine) -> None:
    speech = speak(engine, request())
    assert speech.seconds == pytest.approx(len(speech.packets) * 0.02, abs=0.03)
    assert set(speech.timings) == {"synthesis", "master", "encode"}
    assert all(seconds > 0 for seconds in speech.timings.values())


def test_phoneme_markup_in_a_text_is_not_obeyed(engine: PiperEngine) -> None:
    plain = speak(engine, request("Hello and good bye.", seed=1))
    marked = speak(engine, request("Hello [[[[and]]]] good bye.", seed=1))
    assert marked.seconds == pytest.approx(plain.seconds, rel=0.2)


def test_a_text_without_sound_fails_alone(engine: PiperEngine) -> None:
    results = engine.synthesize([request("Hello there."), request("[]"), request("Good bye.")])
    assert [type(result) for result in results] == [Speech, EngineError, Speech]


def test_it_says_that_it_does_not_clone(engine: PiperEngine) -> None:
    info = engine.info
    assert (info.kind, info.clones, info.device) == ("piper", False, "cpu")
    assert info.reason.startswith("chosen by the test")


def test_speaking_imports_no_other_heavy_library() -> None:
    script = """
import sys
from pathlib import Path
from bot.speech.engines.select import open_engine
from bot.speech.types import EngineSpec, SynthesisRequest, VoiceReference
engine = open_engine(EngineSpec(kind="piper"))
engine.synthesize([SynthesisRequest("Hello there.", VoiceReference(Path("unused"), "", 150.0))])
print(*sorted({"torch", "chatterbox", "librosa", "scipy", "numba"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
