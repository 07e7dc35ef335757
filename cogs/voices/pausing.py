"""`/voice pause` and `resume`: nobody speaks as a voice, from the next packet on."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.settings.permissions import Action
from cogs.access_words import paused_text, resumed_text
from cogs.permissions import require
from cogs.ui import Interaction, command_names, defer, manages_guild, services_of
from cogs.voice_option import OwnVoice, role_in
from storage.reach import By
from storage.types import VoiceProfile


class Pausing(commands.Cog):
    """For who owns a voice, or manages the server; each takes back their own pause alone."""

    @app_commands.command(description="Stop a voice of yours at once, everywhere")
    @app_commands.describe(voice="Which voice")
    async def pause(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Stop it; answer when nothing of it is left anywhere."""
        await defer(interaction)
        services = services_of(interaction)
        paused, changed = await services.reach.pause(
            voice.id, by=role_in(interaction, voice), actor=interaction.user.id
        )
        await services.watch.try_look()
        text = paused_text(paused, command_names(interaction)("voice resume"), changed=changed)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description="Let a voice that you paused speak again")
    @app_commands.describe(voice="Which voice")
    async def resume(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Take back what the member may take back."""
        await defer(interaction)
        await require(interaction, Action.CHANGE, anywhere=True)
        services, changed, resumed = services_of(interaction), False, voice
        for role in _roles_in(interaction, voice):
            resumed, taken_back = await services.reach.resume(
                voice.id, by=role, actor=interaction.user.id
            )
            changed = changed or taken_back
        await services.watch.try_look()
        text = resumed_text(resumed, changed=changed)
        await interaction.edit_original_response(content=text)


def _roles_in(interaction: Interaction, voice: VoiceProfile) -> list[By]:
    """Return as what a member may act for a voice."""
    roles: list[By] = ["owner"] if voice.owner_id == interaction.user.id else []
    return [*roles, "admin"] if manages_guild(interaction) else roles
