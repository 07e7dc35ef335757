import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.speech.levels import PEAK_DBFS, TARGET_DBFS, level
from tests.speech.signals import voiced

RATE = 48_000


def active_dbfs(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples)))))


def test_quiet_and_loud_speech_come_out_alike() -> None:
    speech = voiced(1.0)
    quiet, loud = level(speech * np.float32(0.1), RATE), level(speech * np.float32(0.9), RATE)
    np.testing.assert_allclose(quiet, loud, rtol=1e-4, atol=1e-6)
    assert quiet.dtype == np.float32


def test_a_steady_tone_gets_the_target_level() -> None:
    tone = (0.02 * np.sin(np.arange(RATE))).astype(np.float32)
    assert active_dbfs(level(tone, RATE)) == pytest.approx(TARGET_DBFS, abs=0.1)


def test_pauses_do_not_count() -> None:
    speech = voiced(1.0)
    pause = np.zeros(RATE, np.float32)
    with_pauses = level(np.concatenate([pause, speech, pause]), RATE)
    np.testing.assert_allclose(with_pauses[RATE : 2 * RATE], level(speech, RATE), rtol=1e-4)


def test_silence_stays_silence() -> None:
    assert not level(np.zeros(100, np.float32), RATE).any()
    assert len(level(np.zeros(0, np.float32), RATE)) == 0


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=3_000))
def test_no_sample_passes_the_peak_limit(values: list[float]) -> None:
    levelled = level(np.array(values, np.float32), RATE)
    assert np.abs(levelled).max() <= 10 ** (PEAK_DBFS / 20) * 1.0001
