"""The head of a cluster goes and comes again, at the same address."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import uuid
from functools import partial
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from bot.errors import EngineDeadError
from bot.pool.ray_cluster import RaySpec
from tests.ray.asking import asking, packets, speak, until
from tests.ray.conftest import NODE
from tests.ray.engines import gate, noted, open_noting
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)


def free_port() -> int:
    """Return one that no client gets: who tries to reach a head that is away may take its port."""
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as listening:
            listening.bind(("", port))
            return port


def head_at(port: int) -> Cluster:
    """Begin a cluster of one machine; on the main thread, because Ray sets handlers of signals."""
    head = NODE | {"num_gpus": 1, "include_dashboard": False, "gcs_server_port": port}
    return Cluster(initialize_head=True, head_node_args=head)


async def test_a_head_that_is_restarted_is_waited_for_and_nothing_is_spoken_twice(
    tmp_path: Path,
) -> None:
    notes, port = tmp_path / "notes", free_port()
    cluster = head_at(port)
    try:
        ray_spec = RaySpec(
            address=cluster.address,
            namespace=uuid.uuid4().hex,
            actors=1,
            open_engine=partial(open_noting, notes, 0.05),
        )
        async with asking(ray_spec) as client:
            packets(await speak(client, sentence("before")))
            held = asyncio.create_task(speak(client, sentence("hold")))
            await until(lambda: noted(notes, "begun")[-1].text == "hold")
            cluster.shutdown()
            away = f"No Ray cluster can be reached at {ray_spec.address} "
            await until(lambda: away in client.condition().reason)
            assert not client.ready
            with pytest.raises(EngineDeadError, match=r"out of order|could not be loaded"):
                await held
            gate(notes).touch()
            cluster = head_at(port)
            await until(lambda: client.ready)
            result = packets(await speak(client, sentence("after")))
            assert result[1] == b"after"
            assert client.condition().state == "ok"
        assert [note.text for note in noted(notes, "begun")] == ["before", "hold", "after"]
    finally:
        cluster.shutdown()
