"""Speech over real sockets, encrypted by DAVE, heard by Discord's own libdave."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import numpy as np

from bot.voice.utterances import UtteranceEnd
from tests.loopback import best_correlation
from tests.voice.stage import Script, babble, open_stage, sentence


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
    """Keep both cores busy, as niced as the bot's workers are."""
    busy = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import os; os.nice(10)\nwhile True: pass"
        )
        for _ in range(os.cpu_count() or 2)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            await process.wait()


async def test_packets_keep_their_pace_while_the_engine_uses_every_core() -> None:
    async with open_stage() as stage, engine_at_work():
        await stage.join()
        assert await stage.play(Script([sentence(6.0)])) is UtteranceEnd.PLAYED
        pacing = stage.listener.pacing()
        print(pacing, stage.bot.voice.pacer.stats)
        assert pacing.p99 <= 22
        assert pacing.over_40 == 0
