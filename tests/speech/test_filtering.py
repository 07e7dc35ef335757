import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.speech.engines.pitch import median_pitch
from bot.speech.filtering import loudness_lufs, stretched
from tests.speech.signals import voiced

RATE = 48_000


def tone(seconds: float, amplitude: float, hz: float = 997.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.float32
    )


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("pitch_hz", [80.0, 200.0])
def test_the_speed_changes_the_length_and_not_the_pitch(speed: float, pitch_hz: float) -> None:
    speech = voiced(2.0, pitch_hz)
    result = stretched(speech, speed)
    assert len(result) == round(len(speech) / speed)
    assert result.dtype == np.float32
    heard = median_pitch(result, RATE, pitch_hz * 0.7, pitch_hz * 1.4)
    assert heard == pytest.approx(pitch_hz, rel=0.02)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_the_last_word_is_not_cut_off(speed: float) -> None:
    speech = np.concatenate([np.zeros(RATE, np.float32), tone(0.5, 0.3)])
    assert np.abs(stretched(speech, speed)[-1920:]).max() == pytest.approx(0.3, abs=0.01)


def test_at_the_engines_speed_nothing_is_touched() -> None:
    speech = voiced(0.5)
    assert stretched(speech, 1.0) is speech


@given(st.integers(0, 6_000), st.sampled_from([0.5, 0.77, 1.3, 2.0]))
def test_the_shortest_sounds_are_kept(length: int, speed: float) -> None:
    result = stretched(np.full(length, 0.1, np.float32), speed)
    assert len(result) in (length, round(length / speed))


@pytest.mark.parametrize("amplitude", [0.01, 0.1, 1.0])
def test_the_loudness_is_that_of_the_standard(amplitude: float) -> None:
    # BS.1770-4: a 997 Hz sine of full scale in one channel is -3.01 LKFS.
    expected = -3.01 + 20 * np.log10(amplitude)
    assert loudness_lufs(tone(3.0, amplitude)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("seconds", [0.15, 0.45, 0.83, 2.0, 7.31])
def test_two_meters_agree(seconds: float) -> None:
    speech = voiced(seconds)
    filled = np.pad(speech, (0, max(0, 19_200 - len(speech)))).astype(np.float64)
    other = pyloudnorm.Meter(RATE).integrated_loudness(filled)
    assert loudness_lufs(speech) == pytest.approx(other, abs=0.3)


def test_pauses_do_not_count() -> None:
    speech, pause = voiced(2.0), np.zeros(4 * RATE, np.float32)
    with_pause = loudness_lufs(np.concatenate([speech, pause, speech]))
    assert with_pause == pytest.approx(loudness_lufs(speech), abs=0.5)


@pytest.mark.parametrize("length", [0, 1, 100_000])
def test_silence_has_no_loudness(length: int) -> None:
    assert loudness_lufs(np.zeros(length, np.float32)) is None
