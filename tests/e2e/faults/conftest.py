"""One Discord and one bot for many cells; pauses pass `PACE` times as quickly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import discord.http
import discord.webhook.async_
import pytest
import pytest_asyncio
import structlog
from structlog.typing import EventDict

import bot.discord_files
import bot.discord_http
import bot.session
from bot.client import MynahBot
from bot.session import stay_online
from loopback import Guild, LoopbackDiscord, Permission, Person, wait_until
from storage.voices import VoiceStore
from tests.cogs.world import World
from tests.e2e.faults.matrix import PACE


class QuickAsyncio(SimpleNamespace):
    """`asyncio` for one module, in which sleep is short."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / PACE)


@dataclass
class Bench:
    """What a cell needs. `bots`: those that `stay_online` made, the last one lives."""

    discord: LoopbackDiscord
    world: World
    guild: Guild
    ada: Person
    bots: list[MynahBot]
    stop: asyncio.Event
    task: asyncio.Task[None] | None = None
    former: int = 0  # bots of before

    @property
    def bot(self) -> MynahBot:
        return self.bots[-1]

    @property
    def ended(self) -> bool:
        """Whether the program would have ended by itself."""
        return self.task is not None and self.task.done()

    async def start(self, *, message_content: bool = False) -> None:
        """Begin to log in, as the program does; a bot of before ends first."""
        await self.end()

        def make_bot(message_content: bool) -> MynahBot:
            self.bots.append(
                self.world.make_bot(
                    connector=self.discord.connector(), message_content=message_content
                )
            )
            return self.bots[-1]

        self.stop.clear()
        self.former = len(self.bots)
        self.task = asyncio.create_task(
            stay_online(make_bot, self.discord.token, self.stop, message_content=message_content)
        )

    async def online(self, within: float = 20.0) -> None:
        """Wait until members can be served."""

        def served() -> bool:
            assert self.task is not None
            begun = len(self.bots) > self.former
            return self.task.done() or bool(begun and self.bot.is_ready() and self.bot.guilds)

        await wait_until(served, within, "the login")
        assert self.task is not None
        if self.task.done():
            await self.task

    async def end(self) -> None:
        """Stop as a signal does."""
        self.stop.set()
        if self.task is not None:
            await asyncio.wait_for(asyncio.gather(self.task, return_exceptions=True), 10)

    async def still_serves(self) -> None:
        """An honest command is answered."""
        self.discord.faults.clear()
        assert (await self.ada.slash("queue").answered()).embeds


@pytest.fixture(scope="package")
def quick_pauses() -> Iterator[None]:
    """Have discord.py and the session pause for a fraction of the time."""
    with pytest.MonkeyPatch.context() as patch:
        quick = QuickAsyncio()
        patch.setattr(discord.http, "asyncio", quick)
        patch.setattr(discord.webhook.async_, "asyncio", quick)
        patch.setattr(bot.session, "FIRST_PAUSE_SECONDS", 1 / PACE)
        patch.setattr(bot.session, "LONGEST_PAUSE_SECONDS", 60 / PACE)
        patch.setattr(bot.session, "FIRST_CONNECTION_SECONDS", 120 / PACE * 2)
        patch.setattr(bot.discord_http, "CALL_SECONDS", 90 / PACE)
        patch.setattr(bot.discord_http, "PAUSES_SECONDS", (0.5 / PACE, 1.5 / PACE))
        patch.setattr(bot.discord_files, "STALL_SECONDS", 15 / PACE)
        patch.setattr(bot.discord_files, "DOWNLOAD_SECONDS", 120 / PACE)
        patch.setattr(bot.client, "KNOWN_COMMANDS_SECONDS", 1.0)
        yield


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def bench(
    quick_pauses: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """A Discord with the bot's services; no bot is online yet."""
    data = tmp_path_factory.mktemp("data")
    async with LoopbackDiscord() as loopback, VoiceStore.open(data) as store:
        guild = loopback.add_guild(bot_permissions=int(Permission.SEND_MESSAGES))
        ada = loopback.owner(guild)
        made = Bench(loopback, World(store), guild, ada, [], asyncio.Event())
        yield made
        await made.end()


@pytest.fixture(autouse=True)
def _no_fault_stays(bench: Bench) -> Iterator[None]:
    yield
    bench.discord.faults.clear()


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[EventDict]]:
    """What is logged: no traceback without a reference, no error of asyncio's or discord.py's."""
    with structlog.testing.capture_logs() as lines:
        yield lines
    assert not [line for line in lines if "exc_info" in line and "reference" not in line]
    loud = [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR]
    assert not [r.getMessage() for r in loud if not _expected(r)]


def _expected(record: logging.LogRecord) -> bool:
    # discord.py's, which the program's own filter shortens to a line.
    return record.name.startswith("discord.") and "reconnect" in record.getMessage()
