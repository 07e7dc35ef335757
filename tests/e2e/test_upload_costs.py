"""What ordinary uploads cost: far less than their bounds, also the first and the longest."""

import subprocess
import sys
import time

import numpy as np
import pytest

from bot.enrolment import work as work_module
from tests.enrolment.conftest import speech, speech_wav
from tests.enrolment.test_work import read
from tests.samples import RATE, encode, speech_samples

__all__ = ["speech", "speech_wav"]


def test_speech_of_ten_minutes_is_far_from_any_bound() -> None:
    data = encode(np.tile(speech_samples(60), 10)[: 599 * RATE], 48_000, "ogg", "libopus")
    begun = time.process_time()
    assert read(data) == pytest.approx(599, abs=0.1)
    assert time.process_time() - begun < work_module.BASE_SECONDS / 2


COLD_START = """
import io, sys, time
from importlib.machinery import PathFinder

from bot.enrolment.pipeline import prepare_sample
from bot.enrolment.types import EnrolmentLimits

class SlowDisk(PathFinder):
    spent = 0.0

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        cls.spent += 1.0
        return super().find_spec(name, path, target)

clock = time.process_time
time.process_time = lambda: clock() + SlowDisk.spent
sys.meta_path[sys.meta_path.index(PathFinder)] = SlowDisk
sample = prepare_sample(sys.stdin.buffer.read(), EnrolmentLimits())
assert SlowDisk.spent > 100, SlowDisk.spent
print(sample.report.verdict)
"""


def test_the_first_upload_does_not_pay_for_slow_imports(speech_wav: bytes) -> None:
    command = [sys.executable, "-c", COLD_START]
    done = subprocess.run(command, input=speech_wav, capture_output=True, timeout=120, check=False)
    assert done.stdout.decode().strip() == "good", done.stderr.decode()
