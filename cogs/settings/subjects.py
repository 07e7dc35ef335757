"""Whose settings a panel shows: a server's, or a member's own."""

from __future__ import annotations

from typing import Any, Protocol

from discord import app_commands

from bot.client import Services
from bot.i18n import N_
from bot.settings.definition import Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from cogs.ui import Interaction, guild_of, manages_guild, services_of


class Subject(Protocol):
    """Whose settings a panel shows."""

    title: str
    model: type[Settings]

    async def read(self) -> Settings:
        """Return what is stored now. Raises StorageError."""

    async def change(self, key: str, value: Any) -> None:
        """Store a value; None takes it back to the default.

        Raises UserError for a value that is not allowed, VoiceNotFoundError, StorageError.
        """

    def require_permission(self, interaction: Interaction) -> None:
        """Raise MissingPermissions for who may not change this."""


class GuildSubject:
    """A server's settings, for who has Manage Server."""

    title = N_("Settings of this server")
    model: type[Settings] = GuildSettings

    def __init__(self, services: Services, guild_id: int, changed_by: int) -> None:
        self._settings, self._guild_id, self._changed_by = services.settings, guild_id, changed_by

    @classmethod
    def of(cls, interaction: Interaction) -> GuildSubject:
        """Return the settings of the server where a command was used."""
        return cls(services_of(interaction), guild_of(interaction), interaction.user.id)

    async def read(self) -> Settings:
        """Return what is stored now."""
        return await self._settings.guild(self._guild_id)

    async def change(self, key: str, value: Any) -> None:
        """Store a value, and who changed it."""
        await self._settings.change_guild(self._guild_id, key, value, changed_by=self._changed_by)

    def require_permission(self, interaction: Interaction) -> None:
        """Raise MissingPermissions without Manage Server, whatever Integrations allows."""
        if not manages_guild(interaction):
            raise app_commands.MissingPermissions(["manage_guild"])


class MemberSubject:
    """A member's own settings on a server."""

    title = N_("You on this server")
    model: type[Settings] = MemberSettings

    def __init__(self, services: Services, guild_id: int, user_id: int) -> None:
        self._settings, self._whose = services.settings, (guild_id, user_id)

    @classmethod
    def of(cls, interaction: Interaction) -> MemberSubject:
        """Return the settings of who used a command."""
        return cls(services_of(interaction), guild_of(interaction), interaction.user.id)

    async def read(self) -> Settings:
        """Return what is stored now."""
        return await self._settings.member(*self._whose)

    async def change(self, key: str, value: Any) -> None:
        """Store a value."""
        await self._settings.change_member(*self._whose, key, value)

    def require_permission(self, interaction: Interaction) -> None:
        """Let everybody see and change what is theirs."""
