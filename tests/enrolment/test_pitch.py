"""The median pitch, on tones with a voice's spectrum and on speech."""

import librosa
import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from bot.enrolment.activity import find_segments, speech_mask, speech_probabilities
from bot.enrolment.pitch import median_pitch
from bot.enrolment.types import FRAME_SAMPLES
from tests.samples import Samples, speech_samples

RATE = 24_000


def vowel(pitch_hz: float, seconds: float = 3) -> Samples:
    """Glottal pulses with vibrato through the formants of an "a"."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = np.cumsum(pitch_hz * (1 + 0.02 * np.sin(2 * np.pi * 5 * time))) / RATE
    sound = np.diff(np.floor(phase), prepend=0)
    for formant, width in ((700, 80), (1200, 90), (2600, 120)):
        radius = np.exp(-np.pi * width / RATE)
        cosine = np.cos(2 * np.pi * formant / RATE)
        sound = lfilter([1], [1, -2 * radius * cosine, radius**2], sound)
    return (0.4 * sound / np.abs(sound).max()).astype(np.float32)


def spoken_pitch(samples: Samples) -> float | None:
    segments = find_segments(speech_probabilities(samples))
    return median_pitch(samples, speech_mask(segments, -(-len(samples) // FRAME_SAMPLES)))


def everywhere(samples: Samples) -> np.ndarray:
    return np.ones(-(-len(samples) // FRAME_SAMPLES), bool)


@pytest.mark.parametrize("pitch_hz", [65, 80, 100, 130, 170, 220, 300, 400, 550])
def test_pitch_of_a_sung_vowel(pitch_hz: float) -> None:
    sound = vowel(pitch_hz)
    assert median_pitch(sound, everywhere(sound)) == pytest.approx(pitch_hz, rel=0.01)


def test_pitch_without_its_fundamental_as_on_the_telephone() -> None:
    sound = sosfilt(butter(6, 300, "highpass", fs=RATE, output="sos"), vowel(110))
    telephone = sound.astype(np.float32)
    assert median_pitch(telephone, everywhere(telephone)) == pytest.approx(110, rel=0.02)


def test_pitch_of_speech_agrees_with_pyin(speech: Samples) -> None:
    voiced, *_ = librosa.pyin(speech[: 5 * RATE], fmin=55, fmax=600, sr=RATE, frame_length=2048)
    assert spoken_pitch(speech[: 5 * RATE]) == pytest.approx(np.nanmedian(voiced), rel=0.06)


@pytest.mark.parametrize("ratio", [1.3, 1.8, 2.4])
def test_a_higher_voice_is_measured_higher(speech: Samples, ratio: float) -> None:
    low, high = spoken_pitch(speech[: 6 * RATE]), spoken_pitch(speech_samples(6, ratio))
    assert low is not None
    assert high == pytest.approx(ratio * low, rel=0.06)


def test_noise_moves_the_pitch_little(speech: Samples, rng: np.random.Generator) -> None:
    noise = 0.02 * rng.standard_normal(len(speech)).astype(np.float32)
    assert spoken_pitch(speech + noise) == pytest.approx(spoken_pitch(speech), rel=0.1)


def test_no_pitch_where_nothing_is_voiced(rng: np.random.Generator) -> None:
    noise = 0.1 * rng.standard_normal(3 * RATE).astype(np.float32)
    assert median_pitch(noise, everywhere(noise)) is None


@pytest.mark.parametrize("samples", [np.empty(0, np.float32), np.zeros(100, np.float32),
                                     np.zeros(RATE, np.float32)])  # fmt: skip
def test_no_pitch_of_silence_and_scraps(samples: Samples) -> None:
    assert median_pitch(samples, everywhere(samples)) is None


def test_only_frames_of_speech_count() -> None:
    sound = np.concatenate([vowel(100), vowel(300)])
    frames = everywhere(sound)
    frames[: len(frames) // 2 + 2] = False
    assert median_pitch(sound, frames) == pytest.approx(300, rel=0.01)
