"""The enrolment's worker is lost: what becomes of the upload, and of the next."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import EnrolmentLimits
from bot.errors import UserError
from bot.worker_answers import MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.voices import VoiceStore
from tests.enrolment.conftest import limits, speech, speech_wav
from tests.enrolment.lost_uploads import dies, loaded_modules, sleep, spin
from tests.enrolment.test_service import service, store, worker

__all__ = ["limits", "service", "speech", "speech_wav", "store", "worker"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_worker_that_dies_idle_costs_no_upload(
    service: EnrolmentService, worker: Worker, speech_wav: bytes
) -> None:
    pid = await worker.run(os.getpid)
    os.kill(pid, signal.SIGSTOP)  # so that the death falls into the call, which never began
    upload = asyncio.create_task(service.prepare(speech_wav))
    while not worker.busy:
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    assert (await upload).report.verdict == "good"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
async def test_an_upload_during_which_the_worker_died_is_tried_once_more(
    service: EnrolmentService, tmp_path: Path, number: signal.Signals
) -> None:
    left = tmp_path / "left"
    left.write_bytes(bytes(1))
    assert await service._run(dies, left, number) == "processed"


async def test_a_second_death_does_not_blame_the_upload(
    service: EnrolmentService, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.write_bytes(bytes(5))
    with pytest.raises(UserError, match=r"may not be its fault.*failed twice") as caught:
        await service._run(dies, left, signal.SIGKILL)
    assert left.read_bytes() == bytes(3), "twice, not more"
    assert "shorter" not in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "work", "reason"),
    [
        (WorkerLimits(call_seconds=100, cpu_seconds=1), spin, "takes too much computing"),
        (WorkerLimits(call_seconds=4), sleep, "takes too long"),
    ],
    ids=["computing", "time"],
)
async def test_an_upload_over_a_limit_is_told_which_and_not_tried_again(
    store: VoiceStore,
    limits: WorkerLimits,
    work: Callable[[Path], None],
    reason: str,
    tmp_path: Path,
) -> None:
    left = tmp_path / "left"
    left.write_bytes(bytes(5))
    worker = Worker("media worker", limits, answers=MEDIA_ANSWERS)
    try:
        with pytest.raises(UserError, match=reason):
            await EnrolmentService(worker, store, EnrolmentLimits())._run(work, left)
    finally:
        await worker.close()
    assert left.read_bytes() == bytes(4)


async def test_a_lost_worker_is_warmed_again_and_uploads_are_told_that_they_wait(
    service: EnrolmentService, worker: Worker
) -> None:
    await service.warm()
    assert not service.restarting
    pid = await worker.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    while not service.restarting:
        await asyncio.sleep(0)
    while service.restarting:
        await asyncio.sleep(0.01)
    assert "librosa" in await worker.run(loaded_modules)
