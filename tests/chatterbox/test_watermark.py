"""PerTh's mark is put in before speed and loudness, and is found after them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bot.speech.delivery import Delivery
from bot.speech.engines.base import to_speech
from bot.speech.opus import decode_opus
from tests.samples import RATE, speech_samples


@pytest.fixture(scope="module")
def marker() -> Any:
    import perth

    return perth.PerthImplicitWatermarker()


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return speech_samples(3.0)


@pytest.mark.parametrize(
    "delivery", [Delivery(0.5, -12.0), Delivery(1.3, 6.0), Delivery(2.0, 6.0, -14.0)], ids=repr
)
def test_the_mark_is_heard_at_any_speed_and_volume(
    marker: Any, speech: np.ndarray, delivery: Delivery
) -> None:
    def certainty(samples: np.ndarray) -> float:
        heard = decode_opus(to_speech(samples, RATE, {}, delivery).packets)
        return float(marker.get_watermark(heard, sample_rate=48_000, round=False).mean())

    marked = np.asarray(marker.apply_watermark(speech, sample_rate=RATE), np.float32)
    assert certainty(marked) > 0.9
    assert certainty(speech) < 0.1
