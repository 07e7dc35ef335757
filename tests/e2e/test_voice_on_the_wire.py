"""Speech over real sockets, encrypted by DAVE, heard by Discord's own libdave."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import numpy as np

from bot.voice.utterances import UtteranceEnd
from bot.workers import WorkerLimits
from loopback import Pacing, best_correlation
from tests.metronome import assert_keeps_pace
from tests.voice.stage import Script, Stage, babble, open_stage, sentence

SPEECH = sentence(4.0)


async def test_what_is_heard_is_what_the_engine_made() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert await stage.play(Script([sentence(1.0, 1), sentence(1.0, 2)])) is UtteranceEnd.PLAYED
        said = np.concatenate([babble(1.0, 1), babble(1.0, 2)])
        assert best_correlation(said, stage.listener.heard()) > 0.99
        assert all(packet.encrypted for packet in stage.listener.audible)


async def test_no_packet_is_unreadable_and_the_stream_has_no_hole() -> None:
    async with open_stage() as stage:
        await stage.join()
        for seed in (1, 2):
            assert await stage.play(Script([sentence(0.5, seed)])) is UtteranceEnd.PLAYED
        connection = await stage.loopback.voice.wait_connected(stage.guild)
        assert stage.listener.unreadable == 0
        assert connection.undecryptable == 0
        assert set(np.diff(connection.sequences)) == {1}
        assert set(np.diff(connection.timestamps)) == {960}


@contextlib.asynccontextmanager
async def engine_at_work() -> AsyncIterator[None]:
    """Keep every core busy, as niced as the bot's workers are."""
    nice = WorkerLimits(call_seconds=1).nice
    busy = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"import os; os.nice({nice})\nwhile True: pass"
        )
        for _ in range(os.cpu_count() or 2)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            await process.wait()


async def pace(stage: Stage) -> Pacing:
    before = len(stage.listener.packets)
    assert await stage.play(Script([SPEECH])) is UtteranceEnd.PLAYED
    return stage.listener.pacing(stage.listener.packets[before:])


async def test_packets_keep_their_pace_while_the_engine_uses_every_core() -> None:
    """The issue's figure: p99 at most 22 ms and no gap over 40 ms.

    The loopback Discord may stay in this process: arrival times are the kernel's, and what it
    does with a packet (0.12 ms of processor time, decryption included) is done long before the
    next one is due. The children that play the engine are as niced as the bot's workers.
    """
    async with open_stage() as stage, engine_at_work():
        await stage.join()
        await assert_keeps_pace(lambda: pace(stage))
