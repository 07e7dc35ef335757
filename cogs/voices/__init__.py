"""`/voice`: looking at voices, hearing them, changing them, choosing one."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from cogs.voices.changing import Changing
from cogs.voices.choosing import Choosing
from cogs.voices.looking import Looking
from cogs.voices.pausing import Pausing
from cogs.voices.replacing import Replacing
from cogs.voices.sharing import Sharing
from cogs.voices.usage import Using


@app_commands.guild_only()
class Voices(
    Looking,
    Changing,
    Replacing,
    Choosing,
    Using,
    Pausing,
    Sharing,
    commands.GroupCog,
    name="voice",
    description="The voices of this server",
):
    """Voices that are there."""


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Voices())
