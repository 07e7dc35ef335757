"""Processes of one bot at work at the same time: on the data directory, and on the wire.

`make processes` and `make bench ARGS=processes` take more of them, for longer.
"""

from __future__ import annotations

import pytest

from benchmarks.processes import measure
from tests.processes.__main__ import together


@pytest.mark.timeout(180)
def test_processes_that_change_one_directory_lose_nothing_and_see_nothing_stale() -> None:
    found = together(processes=3, seconds=8.0, seed=11)
    assert found["wrong"] == [], found
    assert found["done"]["enrol"] > 0


@pytest.mark.timeout(300)
async def test_servers_of_two_processes_speak_at_once_and_all_is_heard() -> None:
    result = await measure(processes=2, shards_each=2, servers=8, sentences=3)
    assert (result["identified"], result["identified_too_early"]) == (4, 0)
    assert result["commands_told"] == 1
    assert sum(result["servers_by_process"]) == 8
    assert all(result["ready"])
    assert result["packets_missing"] == 0
