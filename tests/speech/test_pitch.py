import numpy as np
import pytest

from bot.speech.engines.pitch import median_pitch
from tests.speech.signals import voiced


@pytest.mark.parametrize("pitch_hz", [75, 97, 130, 170])
def test_the_pitch_of_a_voice_is_found(pitch_hz: float) -> None:
    samples = voiced(1.0, pitch_hz, rate=22_050)
    assert median_pitch(samples, 22_050, 70, 180) == pytest.approx(pitch_hz, rel=0.02)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(22_050, np.float32),
        np.zeros(10, np.float32),
        np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32),
    ],
    ids=["silence", "too short", "noise"],
)
def test_what_has_no_pitch_has_none(samples: np.ndarray) -> None:
    assert median_pitch(samples, 22_050, 70, 180) is None
