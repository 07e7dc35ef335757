"""The UDP sockets of voice connections: read by nobody's thread, closed in the end."""

import asyncio
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.voice.socket_reader import LoopReader
from bot.voice.utterances import UtteranceEnd
from tests.voice.stage import Script, Stage, eventually, open_stage, sentence


async def test_a_socket_that_got_the_number_of_a_closed_one_is_read() -> None:
    connection: Any = SimpleNamespace(socket=None)
    reader = LoopReader(connection, asyncio.get_running_loop())
    got: asyncio.Queue[bytes] = asyncio.Queue()
    numbers = []
    for word in (b"first", b"second", b"third"):
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        numbers.append(here.fileno())
        connection.socket = here
        with here, there:
            reader.register(got.put_nowait)
            there.send(word)
            assert await asyncio.wait_for(got.get(), 5) == word
            reader.pause()
        reader.unregister(got.put_nowait)
    assert len(set(numbers)) < len(numbers), "no number was given out again"


async def test_what_came_before_somebody_listened_is_handed_on() -> None:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    connection: Any = SimpleNamespace(socket=here)
    reader = LoopReader(connection, asyncio.get_running_loop())
    got: asyncio.Queue[bytes] = asyncio.Queue()
    with here, there:
        there.send(b"early")
        reader.register(got.put_nowait)
        assert await asyncio.wait_for(got.get(), 5) == b"early"
        reader.stop()


async def rejoin(stage: Stage) -> None:
    """Let everything happen that makes sockets: a lost connection, a move, another region."""
    before = stage.loopback.voice.identified
    stage.loopback.close_voice(stage.guild, 4009)
    await eventually(lambda: stage.loopback.voice.identified > before)
    await stage.loopback.voice.wait_settled(stage.guild)
    stage.loopback.voice.move_region(stage.guild)
    await stage.loopback.voice.wait_settled(stage.guild)
    for name in ("Den", "Lounge"):
        await stage.player.join(stage.channel(name))
        await stage.loopback.voice.wait_connected(stage.guild)
    assert await stage.play(Script([sentence(0.1)])) is UtteranceEnd.PLAYED


async def test_no_file_or_thread_more_after_many_connections() -> None:
    async with open_stage() as stage:
        stage.loopback.add_voice_channel(stage.guild, "Den")
        await stage.join()
        await rejoin(stage)
        files, threads = _open_files(), threading.active_count()
        for _ in range(3):
            await rejoin(stage)
        await eventually(lambda: _open_files() <= files, what="files to be closed")
        await eventually(lambda: threading.active_count() <= threads, what="threads to end")


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_thread_waits_for_what_a_voice_socket_receives() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert not [t.name for t in threading.enumerate() if "socket-reader" in t.name]
