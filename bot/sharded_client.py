"""Which shards a client runs, and when they may identify."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import yarl
from discord.ext import commands

from bot.identify_turns import IDENTIFY_SECONDS, MARGIN_SECONDS, IdentifyTurns
from storage.opening import ClaimApplication
from storage.process_lock import claim
from storage.shards import Shards

LAUNCH_SECONDS = 60.0
"""How long a shard may take to connect and identify, while others of its bucket wait."""


class ShardedBot(commands.AutoShardedBot):
    """Runs all shards, or some, beside other processes that run the others.

    shards: which ones; None for all, as many as Discord advises. directory: where processes on this
    machine take turns. claim: tells processes of other machines whose bot it is.
    """

    def __init__(
        self,
        *arguments: Any,
        shards: Shards | None,
        directory: Path | None,
        claim: ClaimApplication | None = None,
        **options: Any,
    ) -> None:
        if shards is not None:
            options |= {
                "shard_ids": list(shards.ids),
                "shard_count": shards.count,
                "shard_connect_timeout": LAUNCH_SECONDS,
            }
        super().__init__(*arguments, **options)
        self.shards_run = shards
        self._directory, self._claim = directory, claim
        self._turns: IdentifyTurns | None = None
        self._next_identify = 0.0  # monotonic, in s; where there are no turns

    @property
    def runs_first_shard(self) -> bool:
        """Whether this is the process that does what one has to do for all of them."""
        return self.shards_run is None or 0 in self.shards_run.ids

    @property
    def awaits_its_turn(self) -> bool:
        """Whether shards of other processes identify first."""
        return self._turns is not None and self._turns.queueing

    def covers(self, guild_id: int) -> bool:
        """Whether a server is one of this process's, be the bot in it or not."""
        return self.shards_run is None or self.shards_run.covers(guild_id)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Be online until the client is closed; see `discord.Client.connect`.

        Raises DirectoryInUseError where another application's bot runs on the data directory, or
        on the database.
        """
        if self.shards_run is not None and self._directory is not None:
            assert self.application_id is not None, "log in first"
            await asyncio.to_thread(claim, self._directory, self.shards_run, self.application_id)
            if self._claim is not None:
                await self._claim(self.application_id)
            limits = await self.fetch_session_start_limits()
            self._turns = IdentifyTurns(
                self._directory, self.application_id, limits.max_concurrency
            )
        await super().connect(reconnect=reconnect)

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connect a shard when it is its turn."""
        async with AsyncExitStack() as stack:
            if self._turns is not None:
                await stack.enter_async_context(self._turns.launching(shard_id))
            await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until Discord allows another IDENTIFY: for at most what is left of 5 s a shard.

        discord.py always waits for 5 s, in which nobody hears the bot.
        """
        if self._turns is not None:
            await self._turns.take(shard_id or 0)
            return
        now = time.monotonic()
        due = max(now, self._next_identify)
        self._next_identify = due + IDENTIFY_SECONDS + MARGIN_SECONDS
        await asyncio.sleep(due - now)
