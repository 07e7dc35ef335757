from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.errors import EngineDeadError, EngineError
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineOpener
from bot.speech.load_progress import LoadProgress
from bot.speech.texts import reads_for
from bot.speech.types import ChatterboxModel, EngineSpec, Speech, SynthesisResult
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from bot.workers.backoff import FREE_RESTARTS
from tests.speech.scripted_engine import (
    open_broken,
    open_chosen,
    open_crashing,
    open_crashing_at_times,
    open_downloading,
    open_noted,
    open_scripted,
    open_unfit,
    scripted,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def engine(
    open_engine: EngineOpener = open_scripted,
    *,
    spec: EngineSpec | None = None,
    clock: Clock | None = None,
    call_seconds: float = 60,
) -> AsyncIterator[tuple[EngineClient, Worker]]:
    worker = Worker(
        "engine worker", WorkerLimits(call_seconds=call_seconds), answers=ENGINE_ANSWERS
    )
    client = EngineClient(
        worker, spec or EngineSpec(), open_engine=open_engine, clock=clock or Clock()
    )
    try:
        yield client, worker
    finally:
        await client.close()


@pytest.fixture
def times_left(tmp_path: Path) -> Path:
    return tmp_path / "times_left"


def arm(times_left: Path, times: int) -> None:
    """Let the engine misbehave so often."""
    times_left.write_bytes(bytes(times))


def armed(times_left: Path) -> bool:
    return times_left.read_bytes() != b""


def speaker(result: SynthesisResult) -> bytes:
    """The process that made it."""
    assert isinstance(result, Speech)
    return result.packets[0]


async def test_it_is_ready_once_started() -> None:
    async with engine() as (client, _):
        assert (client.ready, client.info) == (False, None)
        info = await client.start()
        assert info.model == "scripted"
        assert (client.ready, client.info) == (True, info)
        assert client.condition() == Condition("ok", "scripted on cpu")


async def test_starting_twice_loads_once() -> None:
    async with engine() as (client, worker):
        await asyncio.gather(client.start(), client.start())
        pid = worker.pid
        await client.start()
        assert worker.pid == pid


async def test_a_cancelled_start_does_not_keep_others_from_starting() -> None:
    async with engine() as (client, _):
        impatient = asyncio.create_task(client.start())
        await asyncio.sleep(0)
        impatient.cancel()
        await client.start()
        assert client.ready


async def test_a_sentence_loads_the_engine_if_need_be() -> None:
    async with engine() as (client, worker):
        (result,) = await client.synthesize([scripted("hello")])
        assert speaker(result) == str(worker.pid).encode()


async def test_until_it_is_loaded_texts_are_read_for_any_model_that_auto_may_take() -> None:
    spec = EngineSpec(kind="chatterbox", model="english", auto_model=True)
    async with engine(open_chosen, spec=spec) as (client, _):
        assert client.reads == reads_for("chatterbox", None)
        await client.ensure_loaded()
        assert client.reads == reads_for("chatterbox", "nano")


async def test_a_configured_model_is_known_before_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.speech.engine_client.choose", lambda spec: (spec.kind, ""))
    spec = EngineSpec(kind="chatterbox", model="turbo")
    async with engine(open_chosen, spec=spec) as (client, _):
        assert client.reads == reads_for("chatterbox", "turbo")


async def test_one_bad_sentence_does_not_fail_its_batch() -> None:
    async with engine() as (client, _):
        results = await client.synthesize([scripted("a"), scripted("fail"), scripted("b")])
        assert [type(result) for result in results] == [Speech, EngineError, Speech]


@pytest.mark.parametrize("how", ["crash", "wreck"])
async def test_a_sentence_whose_engine_died_is_tried_again(how: str, times_left: Path) -> None:
    arm(times_left, 1)
    async with engine() as (client, _):
        (before,) = await client.synthesize([scripted("hello")])
        (result,) = await client.synthesize([scripted(how, times_left)])
        assert speaker(result) != speaker(before)
        assert client.ready


async def test_a_killed_worker_costs_no_sentence(times_left: Path) -> None:
    arm(times_left, 1)
    async with engine() as (client, worker):
        await client.start()
        sentence = asyncio.create_task(client.synthesize([scripted("hang", times_left)]))
        while armed(times_left):
            await asyncio.sleep(0.01)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        (result,) = await sentence
        assert isinstance(result, Speech)


async def test_an_engine_whose_idle_worker_dies_is_loaded_again_without_being_asked() -> None:
    async with engine() as (client, worker):
        await client.start()
        pid = worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while client.ready:
            await asyncio.sleep(0.001)
        assert client.info is not None, "what was loaded is known still"
        while not client.ready:
            await asyncio.sleep(0.01)
        assert worker.pid not in (None, pid)


async def test_a_sentence_right_after_an_idle_death_is_spoken() -> None:
    async with engine() as (client, worker):
        for _ in range(3):
            (before,) = await client.synthesize([scripted("hello")])
            os.kill(int(speaker(before)), signal.SIGKILL)
            (result,) = await client.synthesize([scripted("hello")])
            assert speaker(result) == str(worker.pid).encode() != speaker(before)


async def test_a_sentence_waits_through_a_death_while_loading(times_left: Path) -> None:
    arm(times_left, FREE_RESTARTS)
    spec = EngineSpec(checkpoint=times_left)
    async with engine(open_crashing_at_times, spec=spec) as (client, _):
        (result,) = await client.synthesize([scripted("hello")])
        assert isinstance(result, Speech)


async def test_closing_while_it_is_loaded_again_leaves_nothing() -> None:
    async with engine() as (client, worker):
        await client.start()
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        while client.ready:
            await asyncio.sleep(0.001)
    assert (client.ready, worker.pid) == (False, None)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not {name for name in names if name.startswith(("engine-", "worker-"))}


async def test_a_hanging_sentence_is_ended_and_tried_again(times_left: Path) -> None:
    arm(times_left, 1)
    async with engine(call_seconds=1.5) as (client, _):
        (result,) = await client.synthesize([scripted("hang", times_left)])
        assert isinstance(result, Speech)


async def test_a_second_death_fails_the_sentence_and_only_it(times_left: Path) -> None:
    arm(times_left, 2)
    async with engine() as (client, _):
        bad = asyncio.create_task(client.synthesize([scripted("crash", times_left)]))
        good = asyncio.create_task(client.synthesize([scripted("hello")]))
        with pytest.raises(EngineError, match="Try other words"):
            await bad
        (result,) = await good
        assert isinstance(result, Speech)


async def test_a_download_is_told_to_the_caller_and_to_the_log() -> None:
    told: list[LoadProgress] = []
    async with engine(open_downloading) as (client, _):
        with structlog.testing.capture_logs() as lines:
            await client.start(told.append)
    assert told[-1] == LoadProgress("scripted", 100, 100, 1, 1)
    downloads = [line for line in lines if line["event"] == "downloading the model"]
    assert len(downloads) == len(told)
    assert (downloads[-1]["stage"], downloads[-1]["model"]) == ("engine", "scripted")


async def test_the_log_says_what_was_taken_and_what_more_would_take() -> None:
    async with engine(open_noted) as (client, _):
        with structlog.testing.capture_logs() as lines:
            await client.start()
    told = {line["event"]: line for line in lines}
    assert told["engine loaded"]["reason"] == "test"
    assert told["engine note"]["note"] == "More takes a GPU."


async def test_a_load_error_says_why() -> None:
    spec = EngineSpec(checkpoint=Path("nowhere"))
    async with engine(open_unfit, spec=spec) as (client, _):
        with pytest.raises(EngineDeadError, match="There is no model in nowhere"):
            await client.start()
        assert not client.ready


async def test_an_unexpected_load_error_travels_as_text() -> None:
    async with engine(open_broken) as (client, _):
        with pytest.raises(EngineDeadError, match="ZeroDivisionError: oops"):
            await client.start()


async def test_a_crash_loop_ends() -> None:
    clock = Clock()
    async with engine(open_crashing, clock=clock) as (client, worker):
        for _ in range(FREE_RESTARTS + 1):
            with pytest.raises(EngineDeadError, match="could not be loaded"):
                await client.start()
        with pytest.raises(EngineDeadError, match=r"next try is in 2 s.*stopped unexpectedly"):
            await client.synthesize([scripted("hello")])
        assert worker.pid is None
        clock.now += 2.1
        with pytest.raises(EngineDeadError, match="could not be loaded"):
            await client.start()
        with pytest.raises(EngineDeadError, match="next try is in 4 s"):
            await client.start()


async def test_its_condition_says_what_is_wrong_and_until_when() -> None:
    clock = Clock()
    async with engine(open_crashing, clock=clock) as (client, _):
        assert client.condition().state == "starting"
        for _ in range(FREE_RESTARTS + 1):
            with pytest.raises(EngineDeadError) as caught:
                await client.start()
        told = client.condition()
        assert (told.state, told.next_try) == ("failing", 2.0)
        assert "stopped unexpectedly" in told.reason
        assert caught.value.for_members == told.for_members
        assert told.for_members == (
            "The voice engine is out of order: it stopped unexpectedly. It is tried again in 2 s."
        )
    assert client.condition().state == "off"


async def test_success_forgets_earlier_failures(times_left: Path) -> None:
    async with engine() as (client, _):
        for _ in range(FREE_RESTARTS + 1):
            arm(times_left, 1)
            (result,) = await client.synthesize([scripted("wreck", times_left)])
            assert isinstance(result, Speech)


async def test_a_closed_client_refuses() -> None:
    async with engine() as (client, worker):
        await client.start()
        await client.close()
        assert (client.ready, worker.pid) == (False, None)
        with pytest.raises(EngineDeadError, match="shut down"):
            await client.synthesize([scripted("hello")])


@pytest.mark.parametrize(
    ("model", "auto", "certain", "seconds"),
    [("nano", False, True, 5.0), ("english", False, True, 0.0), ("english", True, False, 5.0)],
)
async def test_what_a_recording_needs_is_known_as_far_as_the_model_is(
    model: ChatterboxModel,
    auto: bool,
    certain: bool,
    seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.speech.engine_client.choose", lambda spec: ("chatterbox", "a test"))
    async with engine(spec=EngineSpec(model=model, auto_model=auto)) as (client, _):
        need = client.clip_need
        assert (need.certain, need.more_than_seconds) == (certain, seconds)
        await client.start()  # what is loaded clones nothing
        assert client.clip_need == ClipNeed()
