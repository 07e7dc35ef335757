"""`/settings` and `/me`: what an admin sets for the server, and members for themselves."""

from __future__ import annotations

import asyncio

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from cogs.settings.me import MemberPanel
from cogs.settings.panel import Panel
from cogs.settings.server import ServerPanel
from cogs.ui import Interaction, defer


class SettingsCog(commands.Cog, name="Settings"):
    """Two panels."""

    def __init__(self) -> None:
        self._changing = asyncio.Lock()

    @app_commands.command(description="Change how I work on this server (needs Manage Server)")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: Interaction) -> None:
        """Show the server's settings."""
        panel = ServerPanel(interaction, self._changing)
        panel.subject.require_permission(interaction)  # Integrations can give it to anybody
        await _open(interaction, panel)

    @app_commands.command(description="Change how you sound and are read here; see what is stored")
    @app_commands.guild_only()
    async def me(self, interaction: Interaction) -> None:
        """Show a member's own settings."""
        await _open(interaction, MemberPanel(interaction, self._changing))


async def _open(interaction: Interaction, panel: Panel) -> None:
    await defer(interaction)
    await panel.edit(embed=await panel.draw(), view=panel)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(SettingsCog())
