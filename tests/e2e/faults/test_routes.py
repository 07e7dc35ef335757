"""The matrix of routes: what a member, and the log, hear of each fault; and that the bot lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from structlog.typing import EventDict

import cogs.moderation
from bot.command_tree import DISCORD_TROUBLE
from bot.errors import MynahError
from loopback import Interaction, wait_until
from loopback.faults import Fault
from storage.departures import THE_BOT
from tests.e2e.faults.conftest import Bench
from tests.e2e.faults.matrix import (
    COMMANDS,
    EDIT,
    FAULTS,
    FOLLOW_UP,
    GUILD,
    LOGIN,
    LONG_SECONDS,
    MEMBER,
    RESPOND,
    ROUTES,
    SERVING,
    SYNC,
    WRITE,
    Cell,
    cells,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")

LATE = ("interaction acknowledged late", "interaction never acknowledged")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def serving(bench: Bench) -> AsyncIterator[Bench]:
    """The bot is online, and the moderation channel is the text channel."""
    await bench.start()
    await bench.online()
    await bench.world.settings.change_guild(
        bench.guild.id, "moderation_channel", bench.guild.text.id, changed_by=None
    )
    yield bench
    await bench.end()


async def follows(interaction: Interaction, fault: Fault, lines: list[EventDict]) -> str:
    """Return what a member sees of a command, once the bot has come to its end with it."""

    def over() -> object:
        told = any(m.content or m.embeds for m in interaction.messages)
        gave_up = any(
            line["event"] in ("command not answered", "answer could not be delivered")
            for line in lines
        )
        return fault.met and (told or gave_up)

    await wait_until(over, 8, "the end of the command")
    shown = " ".join(m.content for m in interaction.messages)
    if DISCORD_TROUBLE in shown:
        return "told"
    if "give my operator this number" in shown:
        return "reference"
    return "done" if interaction.messages else "silent"


async def respond(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    return await follows(bench.ada.slash("queue"), fault, lines)


async def edit(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    return await follows(bench.ada.slash("help"), fault, lines)


async def follow_up(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    """An error after the first response."""
    wish = bench.ada.slash("dictionary remove", written="nothing such")
    return await follows(wish, fault, lines)


async def write(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    """A line in the moderation channel."""
    before = len(bench.discord.world.messages)
    answer = bench.ada.slash("dictionary add", written="word", spoken="verb", server=True)

    def over() -> object:
        messages = list(bench.discord.world.messages.values())[before:]
        if fault.met and any("cannot be told" in line["event"] for line in lines):
            return "lost"
        seen = [m for m in messages if m.channel_id == bench.guild.text.id and not m.ephemeral]
        return fault.met and seen and "done"

    await answer.answered()
    await wait_until(over, 8, "the line or a word about it")
    bench.bot.get_cog("Moderation")._reported.clear()  # type: ignore[union-attr]
    return str(over())


async def is_here(bench: Bench, user_id: int) -> str:
    leaving: Any = bench.bot.get_cog("Leaving")
    here = await leaving.is_here(bench.guild.id, user_id)
    return {True: "here", False: "gone", None: "unknown"}[here]


async def member(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    return await is_here(bench, bench.ada.id)


async def guild(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    return await is_here(bench, THE_BOT)


USES: dict[str, Callable[[Bench, Fault, list[EventDict]], Awaitable[str]]] = {
    RESPOND: respond,
    EDIT: edit,
    FOLLOW_UP: follow_up,
    WRITE: write,
    MEMBER: member,
    GUILD: guild,
}


@pytest.mark.parametrize("cell", cells(SERVING), ids=str)
async def test_while_serving(
    serving: Bench, cell: Cell, log_lines: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cogs.moderation, "SEND_SECONDS", 3.0)
    fault = FAULTS[cell.fault](serving.discord.faults, cell.pattern)
    if cell.route == RESPOND and cell.fault == "slow":
        outcome = await late(serving, fault, log_lines)
    else:
        outcome = await USES[cell.route](serving, fault, log_lines)
    await serving.still_serves()
    assert (fault.met > 0, outcome) == (True, cell.outcome)
    for violation in {v.kind for v in serving.discord.violations} & set(LATE):
        serving.discord.forgive(violation)
    serving.discord.assert_clean()


async def late(bench: Bench, fault: Fault, lines: list[EventDict]) -> str:
    """A first response takes 10 s on its way: the member's client has given up after 3."""
    wish = bench.ada.slash("queue")
    bench.discord.clock.advance(10)
    return await follows(wish, fault, lines)


@pytest.mark.parametrize("cell", cells(LOGIN), ids=str)
async def test_while_logging_in(bench: Bench, cell: Cell, log_lines: list[EventDict]) -> None:
    await forget_sync(bench, cell)
    await bench.end()
    fault = FAULTS[cell.fault](bench.discord.faults, cell.pattern)
    await bench.start()
    try:
        outcome = await login(bench, cell, fault, log_lines)
        assert (fault.met > 0, outcome) == (True, cell.outcome)
        if outcome == "online":
            await bench.still_serves()
    finally:
        bench.discord.faults.clear()
        await bench.end()


async def forget_sync(bench: Bench, cell: Cell) -> None:
    """Let the bot tell its commands anew, or only ask for them."""
    application = bench.discord.world.bot.id
    if cell.route == SYNC:
        await bench.world.choices.set_synced_definition(application, 0, "other")
    elif await bench.world.choices.synced_definition(application, 0) in (None, "other"):
        await bench.start()
        await bench.online()
        await bench.end()


async def login(bench: Bench, cell: Cell, fault: Fault, lines: list[EventDict]) -> str:
    if cell.outcome == "later":
        await wait_until(
            lambda: any(line.get("retry_seconds") == LONG_SECONDS for line in lines), 8, "the line"
        )
        return "later"
    if cell.route not in (SYNC, COMMANDS) and fault.times > 100:
        await wait_until(lambda: fault.met and (lines or bench.ended), 8, "a word of it")
        await asyncio.sleep(0.1)
        if cell.outcome == "online":
            bench.discord.faults.clear()
    try:
        await bench.online()
    except MynahError as error:
        return "refused" if "\n" not in str(error) else "refused at length"
    return "online"


async def test_the_matrix_has_every_route_that_was_used(bench: Bench) -> None:
    used = {request.route for request in bench.discord.requests}
    assert used <= ROUTES


async def test_the_matrix_has_only_routes_that_discord_serves(bench: Bench) -> None:
    assert set(ROUTES) <= set(bench.discord.routes)
