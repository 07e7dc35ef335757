"""Two engines of a cluster and a bot's servers: a new one beside what others wait for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bot.speech.engines.select import open_engine
from tests.pool.backlog import come_anew
from tests.ray.asking import until_slots
from tests.ray.conftest import OpenCluster
from tests.ray.engines import noted, open_noting
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)

BACKLOG = [sentence(f"This is sentence {number}.") for number in range(40)]


@pytest.mark.parametrize("servers", [1, 6])
async def test_a_new_servers_first_sound_does_not_wait_for_the_backlog_of_others(
    open_cluster: OpenCluster, tmp_path: Path, servers: int
) -> None:
    notes = tmp_path / "notes"
    async with open_cluster(partial(open_noting, notes, 0.1), actors=2) as client:
        await until_slots(client, 2)
        order = await come_anew(client, BACKLOG, sentence("And now us."), servers)
    assert order.share < 0.5
    assert len({note.pid for note in noted(notes, "done")}) == 2


async def test_so_it_is_with_engines_that_compute(open_cluster: OpenCluster) -> None:
    async with open_cluster(open_engine, actors=2) as client:
        await until_slots(client, 2)
        order = await come_anew(client, BACKLOG, sentence("And now us."), servers=6)
    assert order.share < 0.5
