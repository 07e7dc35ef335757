"""The line in a voice channel's chat that names who speaks in whose voice."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import discord
import structlog
from discord.ext import commands

from bot.client import MynahBot
from bot.command_tree import UNDELIVERED
from bot.i18n import SOURCE_LOCALE, _, in_locale, ngettext, server_locale
from bot.markup import named
from bot.privacy.whose import Whose
from bot.settings.guild import GuildSettings
from bot.voice.link import VocalChannel
from bot.voice.utterances import SayRequest
from cogs.cards import quoted
from cogs.moderation import SEND_SECONDS, missing_permission
from cogs.speakers.recent import RecentLines, Speaking
from cogs.speakers.report_button import ReportButton, buttons_for
from storage.errors import StorageError

log = structlog.get_logger(__name__)

MAX_WAITING = 50
"""Lines of a guild; more are counted, and their number is told."""

MAX_TOGETHER = 5
"""Lines of one message: each has a button, and five stand in a row."""

PAUSE_SECONDS = 3.0
"""Between two messages: Discord lets a bot write five in 5 s, and members want to chat there."""

_NOBODY = discord.AllowedMentions.none()


@dataclass(slots=True)
class _Outbox:
    """What a guild's channel is still to be told, and the task that tells it."""

    waiting: deque[Speaking] = field(default_factory=deque)
    left_out: int = 0
    recent: RecentLines = field(default_factory=RecentLines)
    next_at: float = 0.0  # monotonic, in s
    task: asyncio.Task[None] | None = None
    problem: str | None = None  # that the log has already

    def put(self, speaking: Speaking) -> None:
        if len(self.waiting) < MAX_WAITING:
            self.waiting.append(speaking)
        else:
            self.left_out += 1

    def take(self, settings: GuildSettings) -> list[Speaking]:
        """Return what one message tells."""
        lines: list[Speaking] = []
        while self.waiting and len(lines) < MAX_TOGETHER:
            if lines and self.waiting[0].channel_id != lines[0].channel_id:
                break
            speaking = self.waiting.popleft()
            if _is_told(speaking, settings) and self.recent.is_news(speaking, time.monotonic()):
                lines.append(speaking)
        return lines


class SpeakerLines(commands.Cog):
    """Names who speaks; what cannot be written is logged once, and holds up no speech."""

    def __init__(self, bot: MynahBot) -> None:
        self._bot = bot
        self._outboxes: dict[int, _Outbox] = {}

    async def cog_load(self) -> None:
        """Hear what begins to be heard, and which buttons are pressed, also those of before."""
        self._bot.add_dynamic_items(ReportButton)
        self._bot.services.voice.on_heard = self.heard
        self._forget_no_more = self._bot.services.privacy.subscribe(self.forget)

    async def cog_unload(self) -> None:
        """Write nothing more; what waits is dropped."""
        self._forget_no_more()
        self._bot.services.voice.on_heard = lambda channel, request: None
        self._bot.remove_dynamic_items(ReportButton)
        tasks = [outbox.task for outbox in self._outboxes.values() if outbox.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that sent the bot away."""
        outbox = self._outboxes.pop(guild.id, None)
        if outbox is not None and outbox.task is not None:
            outbox.task.cancel()

    async def forget(self, whose: Whose) -> None:
        """Drop what waits to be told of somebody, and whom lines told of."""
        for guild_id, outbox in self._outboxes.items():
            outbox.recent.forget(partial(whose.covers, guild_id))
            waiting = (
                each for each in outbox.waiting if not whose.covers(guild_id, each.member_id)
            )
            outbox.waiting = deque(waiting)

    def heard(self, channel: VocalChannel, request: SayRequest) -> None:
        """Take in that a text begins to be heard. Never waits, never fails."""
        outbox = self._outboxes.setdefault(channel.guild.id, _Outbox())
        outbox.put(
            Speaking(
                channel.id,
                request.member_id,
                request.voice_id or 0,
                request.voice_name,
                request.owner_id,
                int(time.time()),
                request.webhook,
            )
        )
        if outbox.task is None:
            outbox.task = asyncio.create_task(self._write(channel.guild, outbox), name="speakers")

    async def _write(self, guild: discord.Guild, outbox: _Outbox) -> None:
        try:
            while outbox.waiting:
                if (pause := outbox.next_at - time.monotonic()) > 0:
                    await asyncio.sleep(pause)
                await self._write_next(guild, outbox)
        finally:
            outbox.task = None

    async def _write_next(self, guild: discord.Guild, outbox: _Outbox) -> None:
        try:
            settings = await self._bot.services.settings.guild(guild.id)
            lines = outbox.take(settings)
            if lines:
                await self._send(guild, lines, settings, outbox)
        except StorageError as error:
            outbox.waiting.clear()
            _report(guild, outbox, str(error))

    async def _send(
        self, guild: discord.Guild, lines: list[Speaking], settings: GuildSettings, outbox: _Outbox
    ) -> None:
        channel = guild.get_channel(lines[0].channel_id)
        if not isinstance(channel, VocalChannel):
            return  # it was deleted meanwhile
        with in_locale(SOURCE_LOCALE):  # for the log
            missing = missing_permission(channel, guild.me)
        if missing is not None:
            _report(guild, outbox, f"I need the permission {missing} in <#{channel.id}>.")
            return
        with in_locale(server_locale(settings.locale, guild.preferred_locale)):
            text = message(lines, outbox.left_out)
            buttons = buttons_for(guild.id, lines)
        outbox.left_out, outbox.next_at = 0, time.monotonic() + PAUSE_SECONDS
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await channel.send(text, view=buttons, allowed_mentions=_NOBODY, silent=True)
        except UNDELIVERED as error:
            _report(guild, outbox, repr(error))
        else:
            outbox.problem = None


def _is_told(speaking: Speaking, settings: GuildSettings) -> bool:
    match settings.name_speakers:
        case "always":
            return True
        case "others":
            return speaking.others
        case "never":
            return False


def message(lines: list[Speaking], left_out: int = 0) -> str:
    """Return who speaks in whose voice, a line each, in the current language.

    left_out: how many more there were.
    """
    texts = [line(each) for each in lines]
    if len(texts) > 1:  # each has a button of that number
        texts = [f"{number}. {text}" for number, text in enumerate(texts, 1)]
    if left_out:
        more = ngettext("… and {count} line more", "… and {count} lines more", left_out)
        texts.append(more.format(count=left_out))
    return "\n".join(texts)


def line(speaking: Speaking) -> str:
    """Return who speaks in whose voice, in the current language."""
    member = named(speaking.webhook) if speaking.webhook else f"<@{speaking.member_id}>"
    told = {"member": member, "voice": quoted(speaking.voice)}
    if not speaking.others:
        return _("🗣️ {member} speaks as {voice} · synthetic speech").format(**told)
    text = _("🗣️ {member} speaks as {voice} ({owner}) · synthetic speech")
    return text.format(owner=f"<@{speaking.owner_id}>", **told)


def _report(guild: discord.Guild, outbox: _Outbox, problem: str) -> None:
    outbox.recent = RecentLines()  # nobody has read what was not written
    if outbox.problem != problem:
        outbox.problem = problem
        log.warning("who speaks cannot be written", guild=guild.id, stage="voice", problem=problem)
