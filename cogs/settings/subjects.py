"""Whose settings a panel shows: a server's, or a member's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from discord import app_commands

from bot.i18n import N_, _
from bot.services import Services
from bot.settings.catalogue import Definition
from bot.settings.definition import Picker, Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.permissions import Action
from cogs.permissions import is_for_all, require, voice_refusal, voices_for_all
from cogs.settings.controls import MAX_OPTIONS
from cogs.settings.loading import load_voices
from cogs.ui import Interaction, guild_of, manages_guild, services_of
from storage.types import VoiceProfile


class Subject(Protocol):
    """Whose settings a panel shows."""

    title: str
    model: type[Settings]
    without_voices: str
    """What is said where no voice can be chosen; it may name the commands {enroll} and {share}."""

    async def read(self) -> Settings:
        """Return what is stored now. Raises StorageError."""

    async def change(self, interaction: Interaction, definition: Definition, value: Any) -> None:
        """Store a value for who asks; None takes it back to the default.

        Raises UserError for a value that is not allowed, VoiceNotFoundError, StorageError.
        """

    async def voices(self, interaction: Interaction, search: str) -> Sequence[VoiceProfile]:
        """Return voices that can be chosen, at most `MAX_OPTIONS`. Raises StorageError."""

    async def silence(self, interaction: Interaction, voice_id: int) -> str:
        """Return why the voice that was chosen does not speak now; "" if it does."""

    def require_permission(self, interaction: Interaction) -> None:
        """Raise MissingPermissions for who may not change this."""


class GuildSubject:
    """A server's settings, for who has Manage Server."""

    title = N_("Settings of this server")
    model: type[Settings] = GuildSettings
    without_voices = N_(
        "There is no voice that is everybody's here. Make one with {enroll}; its owner shares it "
        "with {share}."
    )

    def __init__(self, services: Services, guild_id: int) -> None:
        self._settings, self._guild_id = services.settings, guild_id

    @classmethod
    def of(cls, interaction: Interaction) -> GuildSubject:
        """Return the settings of the server where a command was used."""
        return cls(services_of(interaction), guild_of(interaction))

    async def read(self) -> Settings:
        """Return what is stored now."""
        return await self._settings.guild(self._guild_id)

    async def change(self, interaction: Interaction, definition: Definition, value: Any) -> None:
        """Store a value, and who changed it."""
        await self._settings.change_guild(
            self._guild_id, definition.key, value, changed_by=interaction.user.id
        )

    async def voices(self, interaction: Interaction, search: str) -> Sequence[VoiceProfile]:
        """Return voices that are everybody's: they speak for everybody."""
        return await voices_for_all(interaction, search, MAX_OPTIONS)

    async def silence(self, interaction: Interaction, voice_id: int) -> str:
        """Return why it does not speak for those who have no voice."""
        if await is_for_all(interaction, voice_id):
            return ""
        return _("It is paused, or not everybody's any more, so it speaks for nobody else.")

    def require_permission(self, interaction: Interaction) -> None:
        """Raise MissingPermissions without Manage Server, whatever Integrations allows."""
        if not manages_guild(interaction):
            raise app_commands.MissingPermissions(["manage_guild"])


class MemberSubject:
    """A member's own settings on a server."""

    title = N_("You on this server")
    model: type[Settings] = MemberSettings
    without_voices = N_("There are no voices that you may use. Make one with {enroll}.")

    def __init__(self, services: Services, guild_id: int, user_id: int) -> None:
        self._settings, self._voices = services.settings, services.voices
        self._whose = (guild_id, user_id)

    @classmethod
    def of(cls, interaction: Interaction) -> MemberSubject:
        """Return the settings of who used a command."""
        return cls(services_of(interaction), guild_of(interaction), interaction.user.id)

    async def read(self) -> Settings:
        """Return what is stored now."""
        return await self._settings.member(*self._whose)

    async def change(self, interaction: Interaction, definition: Definition, value: Any) -> None:
        """Store a value; of voices one in which the member may speak."""
        if definition.picker is Picker.VOICE and value is not None:
            voice = await self._voices.get(value)
            await require(interaction, Action.CHOOSE, voice=voice, anywhere=True)
        await self._settings.change_member(*self._whose, definition.key, value)

    async def voices(self, interaction: Interaction, search: str) -> Sequence[VoiceProfile]:
        """Return voices in which the member may speak, their own first."""
        return await load_voices(interaction, search)

    async def silence(self, interaction: Interaction, voice_id: int) -> str:
        """Return why it does not speak for the member, for whom another one does then."""
        for voice in await services_of(interaction).choices.voices_by_id([voice_id]):
            return await voice_refusal(interaction, voice) or ""
        return ""

    def require_permission(self, interaction: Interaction) -> None:
        """Let everybody see and change what is theirs."""
