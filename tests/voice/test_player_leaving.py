"""How a guild's bot leaves, and what becomes of its queue and its threads."""

import asyncio
import threading
from pathlib import Path

import pytest

from bot.errors import BusyError, UserError
from bot.voice.utterances import UtteranceEnd
from tests.voice.stage import LONG, SHORT, Script, ended, eventually, open_stage, sentence


async def test_the_bot_leaves_when_it_has_been_alone() -> None:
    async with open_stage(alone_seconds=0.3) as stage:
        await stage.join()
        ticket = await stage.speak(Script([LONG]))
        await stage.ada.leave_voice()
        assert await ended(ticket, 3.0) is UtteranceEnd.ALONE
        await eventually(lambda: stage.player.channel is None)


async def test_the_bot_stays_when_somebody_comes_back_in_time() -> None:
    async with open_stage(alone_seconds=0.5) as stage:
        await stage.join()
        await stage.ada.leave_voice()
        await eventually(lambda: stage.player.alone)
        await stage.ada.join_voice()
        await eventually(lambda: not stage.player.alone)
        assert await stage.play(Script([sentence(0.8)])) is UtteranceEnd.PLAYED
        assert stage.player.channel is not None


async def test_leaving_ends_the_queue_and_frees_the_reader_thread() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = await stage.speak(Script([LONG]))
        assert await stage.player.leave()
        assert await ended(ticket) is UtteranceEnd.LEFT
        await eventually(lambda: not _voice_threads(), what="the voice threads to end")
        assert not await stage.player.leave()


async def test_shutting_down_lets_the_sentence_in_flight_end() -> None:
    async with open_stage(closing_seconds=4.0) as stage:
        await stage.join()
        tickets = [
            stage.say(Script([sentence(0.5, 1), sentence(3.0, 2)])),
            stage.say(Script([LONG])),
        ]
        await stage.listener.until_heard(5)
        await stage.bot.voice.close()
        assert [ticket.ended.result() for ticket in tickets] == [UtteranceEnd.SHUTTING_DOWN] * 2
        assert [p.opus for p in stage.listener.audible] == list(sentence(0.5, 1).packets)
        assert not stage.loopback.voice.connections
        assert not _voice_threads()


async def test_nothing_is_queued_while_the_bot_leaves() -> None:
    async with open_stage() as stage:
        await stage.join()
        leaving = asyncio.create_task(stage.player.leave())
        await asyncio.sleep(0)
        with pytest.raises(UserError, match="in no voice channel any more"):
            stage.say(Script([SHORT]))
        assert await leaving
        await stage.join()
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED


async def test_nothing_is_queued_after_a_moderators_disconnect() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = await stage.speak(Script([LONG]))
        stage.loopback.disconnect_bot(stage.guild)
        assert await ended(ticket, 3.0) is UtteranceEnd.DISCONNECTED
        with pytest.raises(UserError, match="in no voice channel any more"):
            stage.say(Script([SHORT]))


async def test_a_wish_to_leave_that_is_refused_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = stage.say(Script([SHORT]))
        with monkeypatch.context() as patch:
            patch.setattr("bot.voice.keeper._MAX_WAITING", 0)
            with pytest.raises(BusyError):
                await stage.player.leave()
        assert await ended(ticket) is UtteranceEnd.PLAYED


async def test_nothing_is_left_behind() -> None:
    threads, files = set(_threads()), _open_files()
    async with open_stage() as stage:
        await stage.join()
        await stage.play(Script([SHORT]))
        stage.loopback.close_voice(stage.guild, 4009)
        await asyncio.sleep(0)
        await stage.loopback.voice.wait_settled(stage.guild)
        await stage.play(Script([SHORT]))
    await eventually(lambda: set(_threads()) <= threads, what=f"{_threads()} to end")
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not tasks
    await eventually(lambda: _open_files() <= files, what="files to be closed")


def _threads() -> list[str]:
    # The event loop's own pool, which resolves names and joins threads, lives as long as the loop.
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if not name.startswith("asyncio_")]


def _voice_threads() -> list[str]:
    return [name for name in _threads() if "voice" in name]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
