"""The context menus "Speak this" and "Speak this as its author"."""

from __future__ import annotations

import asyncio
import weakref

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat_reader import Asker
from bot.errors import UserError
from bot.i18n import _
from bot.reading.rules import SkipReason
from bot.settings.permissions import Action
from cogs.call import channel_of, player_in
from cogs.permissions import count_text, permitted, require
from cogs.progress import ProgressLine
from cogs.reading.desk import ReadingDesk
from cogs.reading.messages import author_of, chat_message, is_chat
from cogs.speech_cards import say_text
from cogs.ui import Interaction, command_names, engine_note, reply


class Menus(commands.Cog, name="Speak this"):
    """One message, spoken because a member asked for it: as `/say` does, before all chatter."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self._lines: weakref.WeakSet[ProgressLine] = weakref.WeakSet()
        self._menus = [
            app_commands.ContextMenu(name="Speak this", callback=self.speak_this),
            app_commands.ContextMenu(
                name="Speak this as its author", callback=self.speak_as_author
            ),
        ]

    async def cog_load(self) -> None:
        """Add the menus, which no cog adds by itself."""
        for menu in self._menus:
            menu.guild_only = True
            self._desk.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take them back; tell everybody how their text ended, for voice is closed already."""
        for menu in self._menus:
            self._desk.bot.tree.remove_command(menu.name, type=menu.type)
        await asyncio.gather(*(line.flush() for line in self._lines))

    async def speak_this(self, interaction: Interaction, message: discord.Message) -> None:
        """Speak a message in the voice of the member who asks."""
        await self._speak(interaction, message, as_author=False)

    async def speak_as_author(self, interaction: Interaction, message: discord.Message) -> None:
        """Speak a message in the voice of who wrote it."""
        await self._speak(interaction, message, as_author=True)

    async def _speak(
        self, interaction: Interaction, message: discord.Message, *, as_author: bool
    ) -> None:
        channel = channel_of(interaction)
        await require(interaction, Action.SAY, channel=channel)
        if not is_chat(message):
            raise UserError(_("I speak only what members wrote. Choose a message of theirs."))
        services = self._desk.services
        place = await self._desk.place(channel.guild, channel.id)
        chat = chat_message(message, channel)
        speaker = chat.author if as_author else author_of(interaction.user, channel)
        reading = await services.reading.speak_this(chat, place, voice_of=speaker)
        if reading is SkipReason.NO_VOICE and not as_author:
            enroll = command_names(interaction)("enroll")
            raise UserError(
                _("You have no voice here yet. Make one with {enroll}.").format(enroll=enroll)
            )
        if isinstance(reading, SkipReason):
            raise UserError(_("I do not speak that: {reason}.").format(reason=_(str(reading))))
        voice = reading.speaker.voice
        right = await permitted(interaction, Action.SAY, voice, channel)
        await count_text(interaction)
        player = await player_in(channel, interaction)
        line = ProgressLine(interaction)
        self._lines.add(line)
        asker = Asker(interaction.user.id, right, line.report)
        ticket = self._desk.reader.say(reading, place, player, asker)
        answer = say_text(interaction.user.display_name, voice.name, ticket)
        answer += engine_note(services.engine)
        await reply(interaction, answer)
        line.open(answer)
        await services.voices.mark_used(voice.id)
