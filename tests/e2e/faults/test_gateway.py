"""What becomes of the bot when the gateway, or a voice server, fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from structlog.typing import EventDict

from bot.errors import ConfigError
from loopback import LoopbackDiscord, wait_until
from tests.e2e.faults.conftest import Bench
from tests.e2e.faults.matrix import PACE

pytestmark = pytest.mark.asyncio(loop_scope="package")

FATAL = (4004, 4012, 4013, 4014)
SHARDS = (4010, 4011)
RECONNECTS = (1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009)
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway"""

BACK_SECONDS = 12.0


@pytest_asyncio.fixture(loop_scope="package")
async def serving(bench: Bench) -> AsyncIterator[Bench]:
    if bench.task is None or bench.task.done():
        await bench.start()
        await bench.online()
    yield bench


@pytest.fixture(scope="module", autouse=True)
def _quick_backoff() -> object:
    """discord.py's own pauses before the gateway is tried again, at the same pace as the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("discord.shard.ExponentialBackoff", quick_backoff)
        patch.setattr("bot.sharded_client.IDENTIFY_SECONDS", 5 / PACE)
        yield


def quick_backoff() -> object:
    from discord.backoff import ExponentialBackoff

    return ExponentialBackoff(base=1 / PACE)  # type: ignore[arg-type]


async def served_again(bench: Bench, disturb: Callable[[LoopbackDiscord], object]) -> None:
    gateway = bench.discord.gateway
    before = gateway.identified + gateway.resumed
    disturb(bench.discord)
    await wait_until(
        lambda: gateway.identified + gateway.resumed > before, BACK_SECONDS, "a new connection"
    )
    await gateway.wait_ready()
    await wait_until(lambda: bench.bot.get_guild(bench.guild.id), BACK_SECONDS, "the guild")
    await bench.still_serves()


@pytest.mark.parametrize("code", RECONNECTS)
async def test_the_bot_comes_back_after_the_gateway_closes_with(
    serving: Bench, code: int, log_lines: list[EventDict]
) -> None:
    bots = len(serving.bots)
    await served_again(serving, lambda discord: discord.close_gateway(code))
    assert len(serving.bots) == bots, "the same client, which keeps cards and calls"


@pytest.mark.parametrize("code", SHARDS)
async def test_with_auto_the_bot_asks_for_its_shards_anew_after_the_gateway_closes_with(
    serving: Bench, code: int, log_lines: list[EventDict]
) -> None:
    bots = len(serving.bots)
    await served_again(serving, lambda discord: discord.close_gateway(code))
    assert len(serving.bots) == bots + 1, "another client"


@pytest.mark.parametrize("resumable", [True, False])
async def test_the_bot_comes_back_after_its_session_is_invalid(
    serving: Bench, resumable: bool, log_lines: list[EventDict]
) -> None:
    await served_again(
        serving, lambda discord: discord.gateway.invalidate_session(resumable=resumable)
    )


async def test_the_bot_comes_back_after_an_outage_that_forgot_the_sessions(
    serving: Bench, log_lines: list[EventDict]
) -> None:
    await served_again(serving, lambda discord: discord.gateway.break_down())


async def test_the_bot_is_back_within_a_minute_after_ten_without_a_gateway(
    serving: Bench, log_lines: list[EventDict]
) -> None:
    """All pauses pass 50 times as quickly: 12 s without a gateway are ten minutes."""
    gateway, loop = serving.discord.gateway, asyncio.get_running_loop()
    gateway.away = True
    gateway.break_down()
    await asyncio.sleep(600 / PACE)
    refused = gateway.turned_away
    gateway.away = False
    begin, before = loop.time(), gateway.identified
    await wait_until(lambda: gateway.identified > before, BACK_SECONDS, "the login")
    assert refused >= 10, "it went on trying"
    assert loop.time() - begin < 66 / PACE + 1.0, "and never paused for more than 64 s"
    await gateway.wait_ready()
    await wait_until(lambda: serving.bot.get_guild(serving.guild.id), 5, "the guild")
    await serving.still_serves()


@pytest.mark.parametrize("code", FATAL)
async def test_the_program_ends_with_one_line_after_the_gateway_closes_with(
    serving: Bench, code: int, log_lines: list[EventDict]
) -> None:
    serving.discord.close_gateway(code)
    assert serving.task is not None
    with pytest.raises(ConfigError) as ended:  # exit code 2
        await asyncio.wait_for(serving.task, BACK_SECONDS)
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize(
    "event",
    [
        {"t": "GUILD_CREATE", "d": {}},
        {"t": "VOICE_STATE_UPDATE", "d": {"guild_id": "x"}},
        {"t": "MESSAGE_CREATE", "d": None},
        {"t": "INTERACTION_CREATE", "d": {"id": []}},
        {"t": "CHANNEL_DELETE", "d": 7},
        {"t": "NEVER_HEARD_OF", "d": {}},
    ],
    ids=lambda event: event["t"],
)
async def test_an_event_that_cannot_be_read_costs_nothing_else(
    serving: Bench, event: dict[str, object], log_lines: list[EventDict]
) -> None:
    identified = serving.discord.gateway.identified
    for session in serving.discord.gateway.sessions.values():
        session.dispatch(str(event["t"]), event["d"])  # type: ignore[arg-type]
    await serving.still_serves()
    assert serving.discord.gateway.identified == identified
