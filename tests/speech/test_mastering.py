"""What a listener measures: the loudness and the peaks of decoded packets."""

import numpy as np
import pyloudnorm
import pytest

from bot.errors import EngineError
from bot.speech.delivery import Delivery
from bot.speech.engines.base import to_speech
from bot.speech.mastering import levelled, mastered
from bot.speech.opus import decode_opus
from tests.speech.signals import voiced

RATE = 24_000
PITCHES = (80.0, 110.0, 160.0, 240.0)


def heard(samples: np.ndarray, delivery: Delivery, rate: float = RATE) -> np.ndarray:
    return decode_opus(to_speech(samples, rate, {}, delivery).packets)


def lufs(samples: np.ndarray) -> float:
    return float(pyloudnorm.Meter(48_000).integrated_loudness(samples.astype(np.float64)))


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("volume_db", [-12.0, 0.0, 6.0])
def test_all_voices_are_equally_loud(speed: float, volume_db: float) -> None:
    delivery = Delivery(speed, volume_db)
    gains = (0.2, 0.5, 1.0, 3.0)
    packets = [
        heard(voiced(1.5, pitch, RATE) * np.float32(gain), delivery)
        for pitch, gain in zip(PITCHES, gains, strict=True)
    ]
    loudness = [lufs(samples) for samples in packets]
    assert max(loudness) - min(loudness) < 1.0
    assert np.mean(loudness) == pytest.approx(-20.0 + volume_db, abs=0.7)
    assert max(np.abs(samples).max() for samples in packets) <= 10 ** (-1 / 20)


@pytest.mark.parametrize("target", [-30.0, -23.0, -14.0])
def test_the_guild_chooses_the_level(target: float) -> None:
    assert lufs(heard(voiced(1.5, 120.0, RATE), Delivery(1.0, 0.0, target))) == pytest.approx(
        target, abs=0.7
    )


def test_noise_and_tones_come_out_as_loud_as_speech() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, RATE).astype(np.float32)
    tone = (0.9 * np.sin(np.arange(RATE) / 8)).astype(np.float32)
    loudness = [lufs(heard(samples, Delivery())) for samples in (noise, tone)]
    assert loudness == pytest.approx([-20.0, -20.0], abs=0.5)


def test_near_silence_is_not_brought_up_to_a_shout() -> None:
    whisper = voiced(1.0, 120.0, 48_000)
    whisper *= np.float32(10 ** ((-60 - lufs(whisper)) / 20))
    assert lufs(levelled(whisper, Delivery())) == pytest.approx(-36, abs=0.3)
    assert lufs(levelled(whisper, Delivery(volume_db=6.0))) == pytest.approx(-30, abs=0.3)


def test_a_click_is_not_squeezed_to_the_level_of_speech() -> None:
    click = np.zeros(48_000, np.float32)
    click[24_000:24_100] = 0.5
    result = levelled(click, Delivery(volume_db=6.0))
    assert np.abs(result).max() <= 10 ** (-2 / 20) * 1.001
    assert lufs(result) < -20


def test_the_same_samples_give_the_same_packets() -> None:
    speech = voiced(0.7, 120.0, RATE)
    first, second = (to_speech(speech, RATE, {}, Delivery(1.3, 2.0)) for _ in range(2))
    assert first.packets == second.packets


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.7, 2.0])
def test_the_seconds_are_those_that_are_heard(speed: float) -> None:
    speech = to_speech(voiced(1.4, 120.0, RATE), RATE, {}, Delivery(speed))
    assert speech.seconds == pytest.approx(1.4 / speed, abs=0.001)
    assert len(speech.packets) * 0.02 == pytest.approx(speech.seconds, abs=0.03)


def test_silence_stays_silence() -> None:
    assert not mastered(np.zeros(3_000, np.float32), RATE, Delivery(2.0, 6.0)).any()


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.full(9, np.nan, np.float32)])
def test_without_sound_there_is_an_error(samples: np.ndarray) -> None:
    with pytest.raises(EngineError, match="made no sound"):
        to_speech(samples, RATE, {}, Delivery())
