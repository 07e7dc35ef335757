""" "Was this made here?": a message's recording is compared with what was spoken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.audit.provenance import provenance_of
from bot.client import MynahBot
from bot.errors import UserError
from bot.i18n import _, error_text
from bot.markup import literal, one_line
from cogs.attachments import download
from cogs.provenance_text import provenance_text
from cogs.ui import Interaction, guild_of, manages_guild, note, services_of
from storage.audit_rows import AuditRow

MOST_FILES = 3
_MOST_NAME = 60
"""Of one message."""

_SOUND = ("audio/", "video/", "application/ogg")


class ProvenanceCog(commands.Cog, name="Provenance"):
    """Where a recording came from, as far as that can be known."""

    def __init__(self, bot: MynahBot) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name="Was this made here?", callback=self.ask)

    async def cog_load(self) -> None:
        """Add the menu, which no cog adds by itself."""
        self._menu.guild_only = True
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it back."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def ask(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer for each recording of the message."""
        recordings = recordings_of(message)
        if not recordings:
            raise UserError(_("That message has no recording. Choose one with a sound file."))
        services = services_of(interaction)
        for recording in recordings[:MOST_FILES]:
            services.enrolment.limits.check_size(recording.size)
        with services.enrolment.turns.admit(interaction.user.id):
            await interaction.response.defer(ephemeral=True, thinking=True)
            answers = await _answers(interaction, recordings[:MOST_FILES])
        text = "\n".join(answers) + note(
            _("Only a file that is exactly as I made it is recognised, by its SHA-256.")
        )
        await interaction.edit_original_response(content=text)


def recordings_of(message: discord.Message) -> list[discord.Attachment]:
    """Return the files of a message, or of those that it passes on, that may have sound."""
    attachments = [*message.attachments]
    for snapshot in message.message_snapshots:
        attachments += snapshot.attachments
    return [each for each in attachments if (each.content_type or "audio/").startswith(_SOUND)]


async def _answers(interaction: Interaction, recordings: Sequence[discord.Attachment]) -> list[str]:
    if len(recordings) == 1:
        return [await _answer(interaction, recordings[0])]
    answers = []
    for recording in recordings:
        try:
            answer = await _answer(interaction, recording)
        except UserError as error:  # the others have answers all the same
            answer = error_text(error)
        answers.append(f"{literal(one_line(recording.filename, _MOST_NAME))}: {answer}")
    return answers


async def _answer(interaction: Interaction, recording: discord.Attachment) -> str:
    services, guild_id = services_of(interaction), guild_of(interaction)
    await services.allowances.take_recording(guild_id, interaction.user.id, recording.size)
    found = await provenance_of(
        await download(recording),
        services.enrolment,
        partial(services.audit.find, guild_id=guild_id),
        services.engine,
        interaction.user.id,
    )
    return provenance_text(found, _may_know(interaction))


def _may_know(interaction: Interaction) -> Callable[[AuditRow], bool]:
    """Return whether who asks may know who spoke: admins, the voice's owner, the speaker."""
    manages, member_id = manages_guild(interaction), interaction.user.id
    return lambda row: manages or member_id in (row.subject, row.actor)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(ProvenanceCog(bot))
