"""`/audit`: what happened on the server, for its admins."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.audit.words import KINDS
from bot.client import MynahBot
from cogs.audit_pages import AuditPages, require_permission
from cogs.ui import Interaction, defer, services_of
from cogs.voice_option import AnyVoice
from storage.audit_reading import AuditFilter

KIND_CHOICES = [app_commands.Choice(name=name, value=kind) for kind, name in KINDS.items()]


class Audit(commands.Cog):
    """For who has Manage Server."""

    @app_commands.command(
        description="Show who enrolled, shared, changed and spoke here (needs Manage Server)"
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        member="Only what a member did, or what concerns them",
        voice="Only what happened to a voice, and what it spoke",
        kind="Only what is of one kind",
    )
    @app_commands.choices(kind=KIND_CHOICES)
    async def audit(
        self,
        interaction: Interaction,
        member: discord.User | None = None,
        voice: AnyVoice | None = None,
        kind: str | None = None,
    ) -> None:
        """Show it page by page, the newest first."""
        require_permission(interaction)
        await defer(interaction)
        await services_of(interaction).audit.flush()
        which = AuditFilter(
            member.id if member is not None else None,
            voice.id if voice is not None else None,
            kind,
        )
        pages = AuditPages(interaction, which)
        card = await pages.render()
        if pages.rows:
            await interaction.edit_original_response(embed=card, view=pages)
        else:
            pages.stop()
            await interaction.edit_original_response(embed=card)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Audit())
