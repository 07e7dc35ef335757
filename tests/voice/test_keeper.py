"""The task that owns a guild's connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.voice.keeper import ConnectionKeeper
from tests.voice.stage import LIMITS, eventually, open_stage


class Listener:
    busy = False

    def __init__(self) -> None:
        self.heard: list[str] = []

    def connected(self) -> None:
        self.heard.append("connected")

    def interrupted(self, removed: bool) -> None:
        pass

    def disconnected(self, lost: bool) -> None:
        self.heard.append("lost" if lost else "disconnected")


@asynccontextmanager
async def lost_connection() -> AsyncIterator[tuple[ConnectionKeeper, Listener]]:
    """A voice connection that broke while the gateway is away, so that recovery must wait."""
    async with open_stage() as stage:
        listener = Listener()
        keeper = ConnectionKeeper(stage.bot, stage.guild.id, LIMITS, listener)
        assert (await keeper.join(stage.channel(), privileged=False)).joined
        keeper.gateway_lost()
        stage.loopback.close_voice(stage.guild, 4009)
        await eventually(lambda: not keeper.link.connected)
        for _ in range(3):  # turns of the loop in which the keeper begins to wait
            await asyncio.sleep(0)
        try:
            yield keeper, listener
        finally:
            await keeper.close()


async def test_the_connection_comes_back_as_soon_as_the_gateway_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.voice.keeper._MAX_DELAY", 60.0)
    monkeypatch.setattr("bot.voice.keeper._FIRST_DELAY", 60.0)
    async with lost_connection() as (keeper, listener):
        keeper.gateway_resumed()
        await eventually(lambda: listener.heard == ["connected", "connected"])


async def test_several_reasons_to_recover_make_one_recovery() -> None:
    async with lost_connection() as (keeper, listener):
        for force in (False, True, False, True):
            keeper.recover(force=force)
            await asyncio.sleep(0)
        keeper.gateway_resumed()
        await eventually(lambda: keeper.link.connected and len(listener.heard) > 1)
        assert listener.heard == ["connected", "connected"]


@pytest.mark.parametrize("steps", range(5))
async def test_closing_ends_a_recovery_also_just_after_it_was_woken(steps: int) -> None:
    """`asyncio.wait_for` of Python 3.11 would swallow the end at one of these steps."""
    async with lost_connection() as (keeper, _):
        keeper.recover(force=True)
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(4 * LIMITS.leave_seconds):
            await keeper.close()
