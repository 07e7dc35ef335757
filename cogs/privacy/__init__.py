"""`/privacy`: a member's data, handed out and deleted; and what becomes of who left."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from cogs.privacy.deleting import Deleting
from cogs.privacy.exporting import Exporting
from cogs.privacy.leaving import Leaving


@app_commands.guild_only()
class Privacy(
    Exporting,
    Deleting,
    commands.GroupCog,
    name="privacy",
    description="What is stored about you, on every server",
):
    """What a member can do about their data."""


async def setup(bot: MynahBot) -> None:
    """Add the cogs."""
    await bot.add_cog(Privacy())
    await bot.add_cog(Leaving(bot))
