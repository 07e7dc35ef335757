"""Two workers of Chatterbox on this machine's CPU."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import EngineDeadError
from bot.pool.cores import in_turn, take_share
from bot.pool.pool import EnginePool
from bot.speech.engine_client import EngineClient
from bot.speech.engines.base import SpeechEngine
from bot.speech.types import (
    ChatterboxModel,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.chatterbox.conftest import spec
from tests.pool.backlog import come_anew
from tools.random_engine import open_tiny

# They share the workers, which take long to load.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SENTENCES = ("Good evening, everyone.", "The last train waits for the ferry.", "Please sit down.")


def let_libraries_choose() -> None:
    """Take away how many threads the tests are told to have."""
    os.environ.pop("OMP_NUM_THREADS", None)


def open_once(opened: Path, wanted: EngineSpec) -> SpeechEngine:
    """Load an engine; not for a worker that is begun anew, which would take time for nothing."""
    if opened.exists():
        raise EngineDeadError("the test needs no other")
    opened.touch()
    return open_tiny(wanted)


def cores_and_threads() -> tuple[set[int], int]:
    """Return the cores that this process's threads may run on, and how many torch takes."""
    import torch

    threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    return set().union(*map(os.sched_getaffinity, threads)), torch.get_num_threads()


def packets(result: SynthesisResult) -> tuple[bytes, ...]:
    assert isinstance(result, Speech), result
    return result.packets


def client(number: int, wanted: EngineSpec, folder: Path) -> EngineClient:
    return EngineClient(
        Worker(
            "engine worker",
            WorkerLimits(call_seconds=300),
            partial(in_turn, (let_libraries_choose, partial(take_share, number, 2))),
            answers=ENGINE_ANSWERS,
            place=f"cpu {number}",
        ),
        wanted,
        open_engine=partial(open_once, folder / str(number)),
        name=f"cpu {number}",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients(
    checkpoint: Callable[[ChatterboxModel], Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[EngineClient]]:
    wanted, folder = spec("nano", checkpoint("nano"), slots=2), tmp_path_factory.mktemp("opened")
    clients = [client(number, wanted, folder) for number in range(2)]
    try:
        await asyncio.gather(*(each.start() for each in clients))
        yield clients
    finally:
        await asyncio.gather(*(each.close() for each in clients))


@pytest.fixture(scope="module")
def text(voices: tuple[VoiceReference, ...]) -> list[SynthesisRequest]:
    return [
        SynthesisRequest(sentence, voices[0], settings=VoiceSettings(seed=seed))
        for seed, sentence in enumerate(SENTENCES)
    ]


async def test_a_worker_keeps_its_threads_to_its_share_of_the_cores(
    clients: list[EngineClient], text: list[SynthesisRequest]
) -> None:
    for each in clients:
        packets((await each.synthesize(text[:1]))[0])
        share = await each.worker.run(os.sched_getaffinity, 0)
        assert await each.worker.run(cores_and_threads) == (share, len(share))


@pytest.mark.parametrize("servers", [1, 6])
async def test_a_new_servers_first_sound_does_not_wait_for_the_backlog_of_others(
    clients: list[EngineClient], voices: tuple[VoiceReference, ...], servers: int
) -> None:
    pool = EnginePool(clients, together=False)
    await pool.ensure_loaded()
    assert pool.slots == 4
    backlog = [
        SynthesisRequest(SENTENCES[0], voices[0], settings=VoiceSettings(seed=seed))
        for seed in range(36)
    ]
    # In a voice that has to be prepared first, as a new server's is.
    first = dataclasses.replace(backlog[0], voice=voices[servers % 2 + 1])
    order = await come_anew(pool, backlog, first, servers)
    assert order.share < 0.5


async def test_two_workers_speak_alike_and_one_speaks_on_for_a_killed_one(
    clients: list[EngineClient], text: list[SynthesisRequest]
) -> None:
    alone = await asyncio.gather(*(each.synthesize(text) for each in clients))
    spoken = [packets(result) for result in alone[0]]
    assert [packets(result) for result in alone[1]] == spoken
    pool = EnginePool(clients, together=False)
    speaking = asyncio.create_task(pool.synthesize(text))
    while not clients[0]._exchange._limits and not speaking.done():
        await asyncio.sleep(0.001)
    assert clients[0].worker.pid is not None
    os.kill(clients[0].worker.pid, signal.SIGKILL)
    assert [packets(result) for result in await speaking] == spoken
    assert pool.condition().restarts == 1
