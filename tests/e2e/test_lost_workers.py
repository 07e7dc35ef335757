"""The real program, whose workers are killed and stopped while nothing is asked of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from loopback import LoopbackDiscord, Upload, wait_until
from tests.e2e.live import Call, add_operator_voice, content
from tests.e2e.test_program import START_SECONDS, Program, running

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc"),
]


@dataclass
class Service:
    """`mynah run`, warm, and a call that it can speak in."""

    program: Program
    call: Call

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.program.process.pid).children(recursive=True)

    def worker(self, name: str) -> psutil.Process:
        (worker,) = [worker for worker in self.workers if worker.cmdline()[-1] == name]
        return worker


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    data = tmp_path_factory.mktemp("data")
    await add_operator_voice(data)
    async with LoopbackDiscord() as loopback:
        guild = loopback.add_guild()
        ada = loopback.add_person(guild, "Ada")
        call = Call(loopback, guild, ada, await ada.join_voice())
        secrets = {"HF_TOKEN": "hub-s3cret", "HTTPS_PROXY": "http://u:proxy-s3cret@127.0.0.1:9"}
        async with running(data, {**loopback.env(), **secrets}) as program:
            await program.line("engine loaded")
            await loopback.gateway.wait_ready(within=START_SECONDS)
            yield Service(program, call)
            code, log = await program.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        loopback.assert_clean()


async def is_heard(call: Call, text: str) -> None:
    answer = await call.say(text).answered()
    await content(answer, "\nSaid.", START_SECONDS)


async def card_is_shown(call: Call, recording: Upload, name: str) -> None:
    wish = call.ada.slash("enroll", sample=recording, name=name)
    await wish.answered(START_SECONDS)
    await wait_until(lambda: bool(wish.message and wish.message.embeds), START_SECONDS, "the card")
    assert wish.message is not None
    call.ada.press(wish.message, label="Discard")


async def test_no_secret_is_seen_in_the_environment_of_a_child(service: Service) -> None:
    token = service.call.discord.token
    assert len(service.workers) == 2
    for worker in service.workers:
        shown = Path(f"/proc/{worker.pid}/environ").read_text()
        for secret in (token, "s3cret", "DISCORD_TOKEN", "MYNAH_"):
            assert secret not in shown


async def test_no_child_leaves_a_dump_or_fills_the_disk(service: Service) -> None:
    def bounded(worker: psutil.Process) -> bool:
        return (
            worker.rlimit(psutil.RLIMIT_CORE)[1] <= 1
            and worker.rlimit(psutil.RLIMIT_FSIZE)[1] != psutil.RLIM_INFINITY
        )

    for worker in service.workers:  # it bounds itself after it has loaded its libraries
        await wait_until(lambda w=worker: bounded(w), START_SECONDS, "the bounds")


async def test_the_engine_is_loaded_again_without_being_asked(service: Service) -> None:
    service.worker("engine worker").kill()
    await service.program.line("engine failed")
    await service.program.line("engine loaded")


async def test_say_tells_that_the_engine_is_starting_again(service: Service) -> None:
    lost = service.worker("engine worker")
    lost.kill()
    await wait_until(lambda: not lost.is_running(), START_SECONDS, "the end of the lost")
    answer = await service.call.say("While it starts.").answered()
    assert "The voice engine is starting again" in answer.content
    await content(answer, "\nSaid.", START_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_after_every_worker_was_lost_a_text_is_heard_and_a_card_shown(
    service: Service, recording: Upload, number: signal.Signals
) -> None:
    await is_heard(service.call, "Once.")
    await card_is_shown(service.call, recording, "Ada")
    lost = service.workers
    for worker in lost:
        worker.send_signal(number)
    await asyncio.sleep(1)
    await is_heard(service.call, "Once more.")
    await card_is_shown(service.call, recording, "Ada")
    await wait_until(lambda: not any(w.is_running() for w in lost), 15, "the end of the lost")
    assert len(service.workers) == 2
