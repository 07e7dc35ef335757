"""An actor that is killed from outside in mid-text."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.ray.asking import packets, speak, until, until_slots
from tests.ray.conftest import OpenCluster
from tests.ray.engines import gate, noted, open_noting
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)


async def test_what_a_killed_actor_had_is_spoken_by_the_other_and_nothing_is_lost(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    async with open_cluster(partial(open_noting, notes, 0.05), actors=2) as client:
        await until_slots(client, 2)
        texts = ["hold", *(f"text {number}" for number in range(12))]
        spoken = [asyncio.create_task(speak(client, sentence(text))) for text in texts]
        await until(lambda: any(note.text == "hold" for note in noted(notes, "begun")))
        (holding,) = [note.pid for note in noted(notes, "begun") if note.text == "hold"]
        # The other has done all that it was given: what is left waits for the one that is held.
        await until(lambda: any(task.done() for task in spoken))
        os.kill(holding, signal.SIGKILL)
        gate(notes).touch()
        results = [packets(result) for result in await asyncio.gather(*spoken)]
        assert [text.decode() for _, text in results] == texts
        assert int(results[0][0]) != holding
        begun = Counter(note.text for note in noted(notes, "begun"))
        assert begun == Counter(texts) + Counter(["hold"])
        assert Counter(note.text for note in noted(notes, "done")) == Counter(texts)
        await until_slots(client, 2)  # Ray began it anew
