"""PerTh's mark is put in before speed and loudness, and is found after them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import soxr

from bot.enrolment.refusals import MARKED
from bot.enrolment.traces import traces_of
from bot.enrolment.types import EnrolmentLimits
from bot.speech.audio_file import audio_bytes
from bot.speech.delivery import Delivery
from bot.speech.engines.base import to_speech
from bot.speech.engines.watermark import watermark
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


def test_marked_speech_is_known_at_any_rate_through_opus(marker: Any, speech: np.ndarray) -> None:
    marked = np.asarray(marker.apply_watermark(speech, sample_rate=RATE), np.float32)
    heard = decode_opus(to_speech(marked, RATE, {}, Delivery()).packets)
    for rate in (16_000, 24_000, 44_100):
        found = watermark(soxr.resample(heard, 48_000, rate), rate)
        assert found is not None
        assert found > MARKED


def test_speech_without_the_mark_is_not_taken_for_marked(speech: np.ndarray) -> None:
    found = watermark(speech, RATE)
    assert found is not None
    assert found < 0.1


@pytest.mark.parametrize("samples", [np.zeros(48_000), np.ones(100)], ids=["silent", "short"])
def test_too_little_tells_nothing_of_a_mark(samples: np.ndarray) -> None:
    assert watermark(samples.astype(np.float32), RATE) is None


@pytest.mark.parametrize("marked", [True, False])
def test_the_mark_is_found_in_a_file_that_was_converted(
    marker: Any, speech: np.ndarray, marked: bool
) -> None:
    samples = marker.apply_watermark(speech, sample_rate=RATE) if marked else speech
    packets = to_speech(np.asarray(samples, np.float32), RATE, {}, Delivery()).packets
    traces = traces_of(audio_bytes(packets, "mp3"), EnrolmentLimits())
    certainty = watermark(traces.samples, traces.rate)
    assert certainty is not None
    assert (certainty >= MARKED) is marked


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_marked_speech_is_found_among_other(marker: Any, speech: np.ndarray, share: float) -> None:
    long = np.tile(speech, 4)
    marked = np.asarray(marker.apply_watermark(long, sample_rate=RATE), np.float32)[: len(long)]
    size = round(share * len(long))
    found = watermark(np.concatenate([long[:-size], marked[-size:]]), RATE)
    assert found is not None
    assert found > 0.8
