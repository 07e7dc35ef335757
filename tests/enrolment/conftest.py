import numpy as np
import pytest

from bot.enrolment.types import EnrolmentLimits
from tests.samples import Samples, encode, speech_samples


@pytest.fixture
def limits() -> EnrolmentLimits:
    return EnrolmentLimits()


@pytest.fixture(scope="session")
def speech() -> Samples:
    """Twelve seconds of clear speech, 24 kHz."""
    return speech_samples(12)


@pytest.fixture(scope="session")
def speech_wav(speech: Samples) -> bytes:
    return encode(speech, 24_000, "wav", "pcm_s16le")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
