"""The `voice` option of commands: finding a voice, and who may change it."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from bot.command_tree import voice_request_text
from bot.errors import UserError
from bot.i18n import _
from bot.markup import isolated, literal
from cogs.cards import quoted
from cogs.permissions import usable_voices
from cogs.ui import Interaction, command_names, guild_of, manages_guild, services_of
from storage.errors import StorageError, VoiceNotFoundError
from storage.reach import By
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

MAX_CHOICES = 25
"""Discord shows no more choices than that (https://discord.com/developers/docs/interactions)."""


class VoiceOption(app_commands.Transformer):
    """An option that names a voice of this guild or of the operator."""

    async def transform(self, interaction: Interaction, value: Any, /) -> VoiceProfile:
        """Return the voice. Raises UserError, with names that are close."""
        try:
            return await services_of(interaction).voices.find(guild_of(interaction), value)
        except VoiceNotFoundError as error:
            shown = _("{list} shows those that there are.").format(
                list=command_names(interaction)("voice list")
            )
            raise UserError(f"{literal(voice_request_text(error))} {shown}") from error

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer voices of whose name a word begins so."""
        voices = await _search(interaction, str(value))
        return [app_commands.Choice(name=_label(voice), value=voice.name) for voice in voices]


class OwnVoiceOption(VoiceOption):
    """An option that names a voice which the member may change."""

    async def transform(self, interaction: Interaction, value: Any, /) -> VoiceProfile:
        """Return the voice. Raises UserError if there is none, or it is not theirs to change."""
        voice = await super().transform(interaction, value)
        require_may_change(interaction, voice)
        return voice

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer voices that the member may change."""
        owner = None if manages_guild(interaction) else interaction.user.id
        voices = await _search(interaction, str(value), owner_id=owner, shared=False)
        return [app_commands.Choice(name=voice.name, value=voice.name) for voice in voices]


class UsableVoiceOption(VoiceOption):
    """An option that names a voice which shall speak; the command asks whether it may."""

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer voices that the member may have speak."""
        try:
            voices = await usable_voices(interaction, str(value), MAX_CHOICES)
        except StorageError:
            return []  # nobody reads errors while typing; the command itself will tell
        return [app_commands.Choice(name=_label(voice), value=voice.name) for voice in voices]


AnyVoice = app_commands.Transform[VoiceProfile, VoiceOption]
UsableVoice = app_commands.Transform[VoiceProfile, UsableVoiceOption]
OwnVoice = app_commands.Transform[VoiceProfile, OwnVoiceOption]


def may_change(interaction: Interaction, voice: VoiceProfile) -> bool:
    """Whether the member may rename or delete the voice."""
    if voice.guild_id != interaction.guild_id:
        return False
    return voice.owner_id == interaction.user.id or manages_guild(interaction)


def role_in(interaction: Interaction, voice: VoiceProfile) -> By:
    """Return as what somebody acts who may change a voice."""
    return "owner" if voice.owner_id == interaction.user.id else "admin"


def require_may_change(interaction: Interaction, voice: VoiceProfile) -> None:
    """Raise UserError unless the member may rename or delete the voice."""
    if voice.guild_id == OPERATOR_GUILD_ID:
        raise UserError(
            _(
                "{voice} belongs to my operator and is shared with every server. "
                "It cannot be changed from here."
            ).format(voice=quoted(voice.name))
        )
    if not may_change(interaction, voice):
        raise UserError(
            _(
                "{voice} is not yours. Its owner can change it, or somebody with the permission "
                "Manage Server."
            ).format(voice=quoted(voice.name))
        )


def require_own(interaction: Interaction, voice: VoiceProfile) -> None:
    """Raise UserError unless the member decides whose speech the voice has: its owner, if any.

    Whoever manages the server could else have a member's voice say what another recorded, and the
    level of consent would be that of somebody else.
    """
    require_may_change(interaction, voice)
    if voice.owner_id not in (None, interaction.user.id):
        command = command_names(interaction)
        raise UserError(
            _(
                "Only its owner can choose the recording of {voice}. You can stop it with {pause}, "
                "or remove it with {delete}."
            ).format(
                voice=quoted(voice.name),
                pause=command("voice pause"),
                delete=command("voice delete"),
            )
        )


async def _search(
    interaction: Interaction, text: str, *, owner_id: int | None = None, shared: bool = True
) -> list[VoiceProfile]:
    try:
        return await services_of(interaction).voices.search(
            guild_of(interaction), text, MAX_CHOICES, owner_id=owner_id, shared=shared
        )
    except StorageError:
        return []  # nobody reads errors while typing; the command itself will tell


def _label(voice: VoiceProfile) -> str:
    if voice.guild_id != OPERATOR_GUILD_ID:
        return voice.name
    return _("{name} (shared)").format(name=isolated(voice.name))
