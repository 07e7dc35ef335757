import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.speech.limiter import CEILING_DBTP, limited
from tests.speech.signals import voiced

RATE = 48_000


def true_peak_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(soxr.resample(samples, RATE, 8 * RATE)).max()))


def test_what_is_below_the_ceiling_is_not_touched() -> None:
    speech = voiced(1.0)
    assert limited(speech) is speech


@pytest.mark.parametrize("gain", [4, 12, 60])
def test_true_peaks_stay_below_the_ceiling(gain: float) -> None:
    assert true_peak_db(limited(voiced(1.0) * np.float32(gain))) <= CEILING_DBTP + 0.1


def test_peaks_between_samples_count() -> None:
    # A quarter of the rate, sampled at 45 degrees: its samples are 3 dB below its peaks.
    tone = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4).astype(np.float32)
    assert np.abs(tone).max() < 0.71
    assert true_peak_db(limited(tone)[RATE // 4 : -RATE // 4]) <= CEILING_DBTP + 0.1


@settings(max_examples=50)
@given(st.lists(st.floats(-4, 4, width=32), max_size=3_000))
def test_no_sample_passes_it(values: list[float]) -> None:
    result = limited(np.array(values, np.float32))
    assert len(result) == len(values)
    assert np.abs(result).max(initial=0.0) <= 10 ** (CEILING_DBTP / 20) * 1.0001


@pytest.mark.parametrize("hz", [75, 120, 300])
def test_a_loud_voice_is_turned_down_without_distortion(hz: int) -> None:
    tone = (2 * np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE)).astype(np.float32)
    middle = limited(tone)[RATE // 2 : -RATE // 2]
    power = np.abs(np.fft.rfft(middle * np.hanning(RATE))) ** 2
    overtones = power[hz * 3 // 2 :].sum() / power[hz - 3 : hz + 4].sum()
    assert 10 * np.log10(overtones) < -60


def test_a_click_turns_down_only_what_is_near_it() -> None:
    tone = (0.1 * np.sin(np.arange(RATE) / 5)).astype(np.float32)
    clicking = tone.copy()
    clicking[RATE // 2] = 1.5
    around = round(0.03 * RATE)
    result = limited(clicking)
    np.testing.assert_array_equal(result[: RATE // 2 - around], tone[: RATE // 2 - around])
    np.testing.assert_array_equal(result[RATE // 2 + around :], tone[RATE // 2 + around :])
