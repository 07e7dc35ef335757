"""How many threads libraries are told to take."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bot.speech.engines.cores import usable_cores

# What Ray does in an actor's process before anything of ours is called.
AS_IN_AN_ACTOR = """
import os
from bot.pool.cores import take_all
os.environ.setdefault("OMP_NUM_THREADS", "1")
take_all()
print(os.environ["OMP_NUM_THREADS"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process forgets how it began")
@pytest.mark.parametrize("told", [None, "7"])
def test_an_actor_computes_with_all_cores_unless_it_is_told_how_many(told: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if told is not None:
        environment["OMP_NUM_THREADS"] = told
    run = subprocess.run(
        [sys.executable, "-c", AS_IN_AN_ACTOR],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == (told or str(usable_cores()))
