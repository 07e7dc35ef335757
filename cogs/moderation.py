"""The moderation channel: a line for each enrolment, deletion, change of settings and utterance."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import discord
import structlog
from discord.ext import commands

from bot.client import MynahBot
from bot.command_tree import UNDELIVERED
from bot.i18n import SOURCE_LOCALE, _, in_locale, ngettext, server_locale
from bot.moderation import Event, SettingSet, TextSpoken, line
from bot.settings.definition import Picker
from bot.settings.guild import GuildSettings
from bot.settings.service import SettingChange
from storage.errors import StorageError
from storage.setting_values import DEFAULT_VOICE

log = structlog.get_logger(__name__)

MAX_WAITING = 200
"""Lines of a guild; more are counted, and their number is told."""

MAX_MESSAGE = 1900
"""Characters of a message; Discord takes 2,000."""

SEND_SECONDS = 60.0
"""For which one message may wait for Discord."""

_EVENT = "moderation_event"
_NOBODY = discord.AllowedMentions.none()


def tell(bot: discord.Client, guild_id: int, event: Event) -> None:
    """Have the guild's moderation channel told, if it has one. Never waits, never fails."""
    bot.dispatch(_EVENT, guild_id, event)


def problem_of(guild: discord.Guild, settings: GuildSettings) -> str | None:
    """Return why the moderation channel cannot be written in and what to do; None if it can, or
    if there is none.
    """
    if settings.moderation_channel is None:
        return None
    channel = moderation_channel(guild, settings)
    if channel is None:
        return _(
            "The moderation channel does not exist any more, or I cannot see it. Choose another, "
            "or give me the permission View Channel there."
        )
    missing = missing_permission(channel, guild.me)
    if missing is None:
        return None
    return _("I need the permission {permission} in the moderation channel {channel}.").format(
        permission=missing, channel=channel.mention
    )


_Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


def moderation_channel(guild: discord.Guild, settings: GuildSettings) -> _Channel | None:
    """Return the moderation channel, if there is one that the bot knows of."""
    channel = guild.get_channel_or_thread(settings.moderation_channel or 0)
    return channel if isinstance(channel, _Channel) else None


def missing_permission(channel: _Channel, me: discord.Member) -> str | None:
    """Return the permission without which the bot cannot write in a channel; None if it can."""
    granted = channel.permissions_for(me)
    if not granted.view_channel:
        return _("View Channel")
    if isinstance(channel, discord.Thread):
        return None if granted.send_messages_in_threads else _("Send Messages in Threads")
    return None if granted.send_messages else _("Send Messages")


def _name(guild: discord.Guild, picker: Picker, identifier: int) -> str:
    """Name what a setting holds by a mention, which rings nobody."""
    match picker:
        case Picker.MEMBER:
            return f"<@{identifier}>"
        case Picker.ROLE:
            return "@everyone" if identifier == guild.id else f"<@&{identifier}>"
        case Picker.VOICE:
            return _("a deleted voice")
        case _:
            return f"<#{identifier}>"


@dataclass(slots=True)
class _Outbox:
    """What a guild's channel is still to be told, and the task that tells it."""

    lines: deque[str] = field(default_factory=deque)
    left_out: int = 0
    task: asyncio.Task[None] | None = None

    def put(self, text: str) -> None:
        if len(self.lines) < MAX_WAITING:
            self.lines.append(text)
        else:
            self.left_out += 1

    def take(self) -> str:
        """Return the next message, of as many lines as fit."""
        message = self.lines.popleft()
        while self.lines and len(message) + len(self.lines[0]) < MAX_MESSAGE:
            message += f"\n{self.lines.popleft()}"
        if not self.lines and self.left_out:
            text = ngettext("… and {count} line more", "… and {count} lines more", self.left_out)
            message += "\n" + text.format(count=self.left_out)
            self.left_out = 0
        return message


class Moderation(commands.Cog):
    """Tells the moderation channels. What cannot be written there is logged once, and dropped."""

    def __init__(self, bot: MynahBot) -> None:
        self._bot = bot
        self._outboxes: dict[int, _Outbox] = {}
        self._reported: dict[int, str] = {}  # by guild, the problem that the log has already
        self._unsubscribe: Callable[[], None] = lambda: None

    async def cog_load(self) -> None:
        """Listen to changes of settings."""
        self._unsubscribe = self._bot.services.settings.subscribe(self._setting_changed)

    async def cog_unload(self) -> None:
        """Stop telling; what waits is dropped."""
        self._unsubscribe()
        tasks = [outbox.task for outbox in self._outboxes.values() if outbox.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _setting_changed(self, change: SettingChange) -> None:
        voice = None
        if change.key == DEFAULT_VOICE:
            voice = await self._bot.services.choices.guild_default(change.guild_id)
        name = voice.name if voice is not None else None
        event = SettingSet(change.changed_by, change.key, change.value, change.before, name)
        await self.on_moderation_event(change.guild_id, event)

    @commands.Cog.listener()
    async def on_moderation_event(self, guild_id: int, event: Event) -> None:
        """Write an event's line, in the server's language, when its turn comes."""
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            return
        try:
            settings = await self._bot.services.settings.guild(guild_id)
        except StorageError as error:
            log.warning("moderation channel unknown", guild=guild_id, stage="moderation",
                        error=str(error))  # fmt: skip
            return
        if settings.moderation_channel is None:
            return
        if isinstance(event, TextSpoken) and not settings.log_utterances:
            return
        with in_locale(server_locale(settings.locale, guild.preferred_locale)):
            self._put(guild, line(event, partial(_name, guild)))

    def _put(self, guild: discord.Guild, text: str) -> None:
        outbox = self._outboxes.setdefault(guild.id, _Outbox())
        outbox.put(text)
        if outbox.task is None:
            outbox.task = asyncio.create_task(self._write(guild, outbox), name="moderation")

    async def _write(self, guild: discord.Guild, outbox: _Outbox) -> None:
        try:
            while outbox.lines:
                await self._send(guild, outbox.take())
        finally:
            self._outboxes.pop(guild.id, None)

    async def _send(self, guild: discord.Guild, message: str) -> None:
        try:
            settings = await self._bot.services.settings.guild(guild.id)
            channel = moderation_channel(guild, settings)
            with in_locale(SOURCE_LOCALE):  # for the log
                problem = problem_of(guild, settings)
            if channel is None or problem is not None:
                self._report(guild.id, problem or "there is none")
                return
            async with asyncio.timeout(SEND_SECONDS):
                await channel.send(message, allowed_mentions=_NOBODY, suppress_embeds=True)
        except (*UNDELIVERED, StorageError) as error:
            self._report(guild.id, repr(error))
        else:
            self._reported.pop(guild.id, None)

    def _report(self, guild_id: int, problem: str) -> None:
        if self._reported.get(guild_id) != problem:
            self._reported[guild_id] = problem
            log.warning("moderation channel cannot be told", guild=guild_id, stage="moderation",
                        problem=problem)  # fmt: skip


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Moderation(bot))
