"""`/voice default`."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.i18n import _
from bot.settings.permissions import Action
from cogs import cards
from cogs.permissions import require
from cogs.saying import voice_of
from cogs.ui import Interaction, command_names, defer, guild_of, manages_guild, services_of
from cogs.voice_option import UsableVoice
from storage.setting_values import DEFAULT_VOICE
from storage.types import VoiceProfile


class Choosing(commands.Cog):
    """The voice that speaks when none is named."""

    @app_commands.command(description="Choose the voice that speaks when none is named")
    @app_commands.describe(
        voice="Which voice; leave it out to take the choice back",
        server="For everybody here who has no voice of their own (needs Manage Server)",
    )
    async def default(
        self, interaction: Interaction, voice: UsableVoice | None = None, server: bool = False
    ) -> None:
        """Choose for oneself or for the guild."""
        await defer(interaction)
        text = await (self._choose_for_guild if server else self._choose)(interaction, voice)
        await interaction.edit_original_response(content=text)

    async def _choose(self, interaction: Interaction, voice: VoiceProfile | None) -> str:
        guild_id, user_id = guild_of(interaction), interaction.user.id
        if voice is not None:
            await require(interaction, Action.CHOOSE, voice=voice, anywhere=True)
        await services_of(interaction).settings.change_member(
            guild_id, user_id, DEFAULT_VOICE, voice.id if voice is not None else None
        )
        if voice is not None:
            text = _("{voice} speaks for you on this server from now on.")
            return text.format(voice=cards.quoted(voice.name))
        other, _refused = await voice_of(interaction)
        if other is None:
            command = command_names(interaction)
            return _(
                "You have no voice now. Make one with {enroll}, or name one when you use {say}."
            ).format(enroll=command("enroll"), say=command("say"))
        text = _("You have no choice of your own now; {voice} speaks for you.")
        return text.format(voice=cards.quoted(other.name))

    async def _choose_for_guild(self, interaction: Interaction, voice: VoiceProfile | None) -> str:
        if not manages_guild(interaction):
            raise app_commands.MissingPermissions(["manage_guild"])
        await services_of(interaction).settings.change_guild(
            guild_of(interaction),
            DEFAULT_VOICE,
            voice.id if voice is not None else None,
            changed_by=interaction.user.id,
        )
        if voice is None:
            return _("This server has no default voice now.")
        text = _("{voice} now speaks for everybody here without a voice.")
        return text.format(voice=cards.quoted(voice.name))
