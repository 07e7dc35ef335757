from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.speech.signals import voiced


@pytest.fixture(scope="session")
def speechlike() -> npt.NDArray[np.float32]:
    """Two seconds and a bit at 48 kHz, not a whole number of packets."""
    return voiced(2.013)
