"""`/dictionary`: how words are spoken, for oneself and for the server."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from cogs.dictionary.changing import Changing
from cogs.dictionary.files import Files
from cogs.dictionary.hearing import Hearing
from cogs.dictionary.looking import Looking


@app_commands.guild_only()
class Dictionary(
    Changing,
    Looking,
    Hearing,
    Files,
    commands.GroupCog,
    name="dictionary",
    description="How words are spoken here",
):
    """Entries of members and of the server."""


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Dictionary())
