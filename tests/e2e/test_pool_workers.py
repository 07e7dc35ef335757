"""A pool of real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.config import Settings
from bot.engines import open_engine
from bot.pool.cores import take_share
from bot.pool.pool import EnginePool
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineOpener
from bot.speech.engines.piper import PiperEngine
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.pool.backlog import come_anew
from tests.speech.continuous_engine import open_continuous, sentence
from tests.speech.remembering_engine import open_remembering
from tests.speech.scripted_engine import open_scripted, scripted
from tests.speech.test_engine_client import arm, armed, speaker


@asynccontextmanager
async def two(
    open_engine: EngineOpener, on_start: Callable[[], None] | None = None
) -> AsyncIterator[EnginePool]:
    """Open a pool of two processes, both of them there."""
    pool = EnginePool(
        EngineClient(
            Worker(
                "engine worker",
                WorkerLimits(call_seconds=60),
                on_start,
                answers=ENGINE_ANSWERS,
                place=f"cpu {number}",
            ),
            EngineSpec(),
            open_engine=open_engine,
            name=f"cpu {number}",
        )
        for number in (1, 2)
    )
    both = asyncio.Event()

    def note() -> None:
        if all(device.reading().ready for device in pool.devices):
            both.set()

    pool.on_slots = note
    try:
        await pool.start()
        async with asyncio.timeout(60):
            await both.wait()
        yield pool
    finally:
        await pool.close()
        assert [worker.pid for worker in pool.workers] == [None, None]


async def test_two_sentences_are_spoken_by_two_processes() -> None:
    async with two(open_scripted) as pool:
        results = await pool.synthesize([scripted("one"), scripted("other")])
        pids = {str(worker.pid).encode() for worker in pool.workers}
        assert {speaker(result) for result in results} == pids
        assert [worker.name for worker in pool.workers] == [
            "engine worker cpu 1",
            "engine worker cpu 2",
        ]


async def test_the_sentence_of_a_killed_process_is_spoken_by_the_other(tmp_path: Path) -> None:
    left = tmp_path / "left"
    arm(left, 1)
    async with two(open_scripted) as pool:
        first, second = pool.workers
        before = await pool.synthesize([scripted("before")])
        hanging = asyncio.create_task(pool.synthesize([scripted("hang", left)]))
        while armed(left):
            await asyncio.sleep(0.01)
        (done,) = await pool.synthesize([scripted("meanwhile")])
        hung = second if speaker(done) == str(first.pid).encode() else first
        other = first if hung is second else second
        assert hung.pid is not None
        os.kill(hung.pid, signal.SIGKILL)
        (moved,) = await hanging
        assert speaker(moved) == str(other.pid).encode()
        assert all(isinstance(result, Speech) for result in before)


async def test_sentences_together_move_when_their_process_ends() -> None:
    async with two(open_continuous) as pool:
        long = [sentence("x" * (200 + number)) for number in range(4)]
        speaking = asyncio.create_task(pool.synthesize(long))
        while sum(device.reading().working for device in pool.devices) < 4:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        pid = pool.workers[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert all(isinstance(result, Speech) for result in await speaking)


async def test_every_process_forgets_a_clip() -> None:
    async with two(open_remembering) as pool:
        kept = [SynthesisRequest("hi", VoiceReference(Path("unused"), "a")) for _ in range(2)]
        assert [result.packets for result in await pool.synthesize(kept)] == [(b"a",), (b"a",)]  # type: ignore[union-attr]
        await pool.forget("a")
        other = [SynthesisRequest("hi", VoiceReference(Path("unused"), "b")) for _ in range(2)]
        assert [result.packets for result in await pool.synthesize(other)] == [(b"b",), (b"b",)]  # type: ignore[union-attr]


async def test_engines_on_a_cpu_share_its_cores() -> None:
    worker = Worker("worker", WorkerLimits(call_seconds=60), partial(take_share, 1, 2))
    try:
        cores = sorted(os.sched_getaffinity(0))
        share = await worker.run(os.sched_getaffinity, 0)
        assert share == set(cores[1::2] if len(cores) > 1 else cores)
    finally:
        await worker.close()


async def test_an_engine_on_a_cpu_keeps_its_threads_to_its_share() -> None:
    for number in range(2):
        worker = Worker("worker", WorkerLimits(call_seconds=60), partial(take_share, number, 2))
        try:
            share = await worker.run(os.sched_getaffinity, 0)
            assert await worker.run(cores_of_threads_with_piper) <= share
        finally:
            await worker.close()


@pytest.mark.parametrize("servers", [1, 5])
async def test_a_new_servers_first_sound_does_not_wait_for_the_backlog_of_others(
    tmp_path: Path, servers: int
) -> None:
    nobody = VoiceReference(tmp_path, "")
    backlog = [SynthesisRequest(f"This is sentence {n}.", nobody) for n in range(30)]
    async with open_engine(of_piper(tmp_path)) as engine:
        for device in engine.devices:
            await device.probe(backlog[0])
        order = await come_anew(engine, backlog, SynthesisRequest("And now us.", nobody), servers)
        assert all(device.reading().sentences for device in engine.devices)
    assert order.share < 0.5


def cores_of_threads_with_piper() -> set[int]:
    """Speak with the preview voice; return the cores that its threads may run on."""
    before = _threads()
    engine = PiperEngine(EngineSpec(kind="piper"), "chosen by the test")
    engine.synthesize([sentence("Hello.")])
    return set().union(*map(os.sched_getaffinity, {0} | _threads() - before))


def _threads() -> set[int]:
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}


def of_piper(data: Path) -> Settings:
    engine = {"kind": "piper", "devices": ["cpu", "cpu"]}
    return Settings.model_validate({"storage": {"directory": data}, "engine": engine})


async def test_two_of_piper_speak_one_text_and_one_speaks_on_for_a_killed_one(
    tmp_path: Path,
) -> None:
    text = [SynthesisRequest(f"This is sentence {n}.", VoiceReference(tmp_path, "")) for n in "ab"]
    async with open_engine(of_piper(tmp_path)) as engine:
        for device in engine.devices:
            await device.probe(text[0])
        assert (engine.slots, engine.info and engine.info.device) == (2, "cpu")
        await engine.synthesize(text)
        assert [device.reading().sentences for device in engine.devices] == [1, 1]
        speaking = asyncio.create_task(engine.synthesize(text * 2))
        while not all(device.reading().working for device in engine.devices):
            await asyncio.sleep(0)
        pid = engine.workers[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        results = await speaking
        assert all(isinstance(result, Speech) and result.seconds > 0.5 for result in results)
