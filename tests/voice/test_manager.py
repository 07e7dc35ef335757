"""All guilds' players together, at the end."""

import asyncio
import threading

import pytest

from bot.voice.utterances import UtteranceEnd
from tests.voice.stage import LONG, SHORT, Script, eventually, open_stage


def pacers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "pacer" in thread.name]


async def test_a_player_that_cannot_be_closed_keeps_no_other_from_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = await stage.speak(Script([LONG]))
        broken = stage.bot.voice.player(1)

        async def fail() -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(broken, "close", fail)
        assert pacers()
        await stage.bot.voice.close()
        assert ticket.ended.result() is UtteranceEnd.SHUTTING_DOWN
        assert not stage.loopback.voice.connections
        assert not pacers()


async def test_the_pacer_ends_also_when_closing_takes_too_long() -> None:
    async with open_stage(closing_seconds=30.0) as stage:
        await stage.join()
        player = stage.player
        await stage.speak(Script([LONG]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await stage.bot.voice.close()
        await eventually(lambda: not pacers())
        player.stop()


async def test_who_joins_while_a_new_session_s_guilds_are_still_coming_stays_connected() -> None:
    async with open_stage() as stage:
        voice = stage.bot.voice
        await voice.on_shard_connect(0)
        await stage.join()
        connection = stage.loopback.voice.connections[stage.guild.id]
        await voice.on_shard_ready(0)
        ticket = await stage.speak(Script([SHORT]))
        assert await ticket.ended is UtteranceEnd.PLAYED
        assert stage.loopback.voice.connections[stage.guild.id] is connection


async def test_what_was_connected_before_a_new_session_is_connected_anew() -> None:
    async with open_stage() as stage:
        voice = stage.bot.voice
        await stage.join()
        connection = stage.loopback.voice.connections[stage.guild.id]
        await voice.on_shard_connect(0)
        await voice.on_shard_ready(0)
        ticket = await stage.speak(Script([SHORT]))
        assert await ticket.ended is UtteranceEnd.PLAYED
        assert stage.loopback.voice.connections[stage.guild.id] is not connection
