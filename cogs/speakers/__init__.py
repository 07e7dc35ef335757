"""Others see who speaks in whose voice, and can report it."""

from __future__ import annotations

from bot.client import MynahBot
from cogs.speakers.lines import SpeakerLines


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(SpeakerLines(bot))
