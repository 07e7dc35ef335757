"""`/voice replace` and `restore`: another recording for a voice, and the former one again."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import discord
from discord import app_commands
from discord.ext import commands

from bot.consent.levels import reaches
from bot.errors import UserError
from bot.i18n import _
from bot.settings.permissions import Action
from bot.speech.clip_needs import clip_need_of
from cogs import cards
from cogs.permissions import require
from cogs.saving import AsReplacement, Saving, require_level
from cogs.ui import Interaction, bot_of, command_names, defer, services_of
from cogs.voice_option import OwnVoice, require_own
from storage.types import VoiceProfile


@runtime_checkable
class Listener(Protocol):
    """What this needs of the cog of `/enroll`.

    Not its class: discord.py executes the module of an extension anew whenever it loads it.
    """

    async def take(
        self, interaction: Interaction, sample: discord.Attachment | None, saving: Saving
    ) -> None:
        """Answer with the card of a recording, or with one that records the member in the call."""


class Replacing(commands.Cog):
    """For who owns a voice; of one that is nobody's, for who manages the server."""

    @app_commands.command(description="Give a voice of yours another recording; its settings stay")
    @app_commands.describe(
        voice="Which voice",
        sample="A recording as a file; leave it out to be recorded in your voice channel",
    )
    async def replace(
        self, interaction: Interaction, voice: OwnVoice, sample: discord.Attachment | None = None
    ) -> None:
        """Show what was heard, as /enroll does; only the card's Save button replaces anything."""
        saving = AsReplacement(services_of(interaction), voice)
        await _listener(interaction).take(interaction, sample, saving)

    @app_commands.command(description="Bring back the recording that a voice of yours had before")
    @app_commands.describe(voice="Which voice")
    async def restore(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Exchange the voice's recording and its former one."""
        await defer(interaction)
        await require(interaction, Action.CHANGE, anywhere=True)
        require_own(interaction, voice)
        services = services_of(interaction)
        await _require_former_level(interaction, voice)
        restored = await services.voices.restore(voice.id, by=interaction.user.id)
        await services.watch.try_look()  # what waits is spoken with the recording that is back
        need = clip_need_of(services.engine.info)
        text = cards.restored(restored, command_names(interaction), need)
        await interaction.edit_original_response(content=text)


async def _require_former_level(interaction: Interaction, voice: VoiceProfile) -> None:
    """Raise UserError where a recording would come back that proves less than the one it follows,
    and less than the server asks of new ones.
    """
    former = voice.former_level
    if former is None or reaches(former, voice.level):
        return
    await require_level(interaction, former, "voice replace")


def _listener(interaction: Interaction) -> Listener:
    cog: object = bot_of(interaction).get_cog("Enrolment")
    if not isinstance(cog, Listener):
        raise UserError(_("I cannot listen to recordings right now. Try again in a minute."))
    return cog
