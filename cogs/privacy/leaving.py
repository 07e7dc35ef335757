"""Who leaves a server: the bot, of which Discord tells, and members, who are looked up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import discord
import structlog
from discord.ext import commands

from bot.client import MynahBot
from bot.discord_http import DISCORD_FAILED
from bot.errors import BusyError
from storage.departures import THE_BOT
from storage.errors import StorageError
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_UNKNOWN_GUILD, _UNKNOWN_MEMBER, _UNKNOWN_USER, _MISSING_ACCESS = 10004, 10007, 10013, 50001


class Leaving(commands.Cog):
    """Has the data of who left deleted when its time has come."""

    def __init__(self, bot: MynahBot) -> None:
        self._bot, self._departing = bot, bot.services.departing
        self._looking: asyncio.Task[None] | None = None
        self._looking_up: asyncio.Task[None] | None = None  # the owners of voices in use

    async def cog_load(self) -> None:
        """Hear of voices that come into use."""
        self._bot.services.watch.on_first_use = self._use

    async def cog_unload(self) -> None:
        """Look no more."""
        self._bot.services.watch.on_first_use = lambda voice: None
        tasks = [task for task in (self._looking, self._looking_up) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _use(self, voice: VoiceProfile) -> None:
        if self._departing.use(voice) and (self._looking_up is None or self._looking_up.done()):
            work = self._departing.look_up_used(self.is_here)
            self._looking_up = asyncio.create_task(work, name="privacy-owners")

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was sent away; an outage is told otherwise."""
        with _logged():
            await self._departing.bot_left(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note that the bot is there, or there again."""
        with _logged():
            await self._departing.bot_came(guild.id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Find what happened while the bot was off, then look every hour."""
        # All shards are ready, and guilds that are out of reach are known, too.
        with _logged():
            await self._departing.compare(self._present())
        if self._looking is None:
            looking = self._departing.keep_looking(self._present, self.is_here)
            self._looking = asyncio.create_task(looking, name="privacy-departures")

    def _present(self) -> set[int]:
        return {guild.id for guild in self._bot.guilds}

    async def is_here(self, guild_id: int, user_id: int) -> bool | None:
        """Whether a guild has a member, or the bot; None where Discord does not say."""
        guild = self._bot.get_guild(guild_id)
        if user_id == THE_BOT:
            return await self._sees(guild_id)
        if guild is None or guild.unavailable:
            return None
        if guild.get_member(user_id) is not None:  # such as those in a call
            return True
        try:
            await guild.fetch_member(user_id)
        except discord.NotFound as error:
            return False if error.code in (_UNKNOWN_MEMBER, _UNKNOWN_USER) else None
        except DISCORD_FAILED:
            return None
        return True

    async def _sees(self, guild_id: int) -> bool | None:
        """Whether the bot is in a guild, as Discord says when it is asked."""
        try:
            await self._bot.fetch_guild(guild_id, with_counts=False)
        except discord.HTTPException as error:
            return False if error.code in (_UNKNOWN_GUILD, _MISSING_ACCESS) else None
        except DISCORD_FAILED:
            return None
        return True


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except (BusyError, StorageError) as error:
        log.warning("who left is noted later", stage="privacy", error=str(error))
