"""Reading chat aloud: `/read`, what is written, who comes and goes, "Speak this"."""

from __future__ import annotations

from bot.client import MynahBot
from cogs.reading.coming import Coming
from cogs.reading.commands import ReadCommands
from cogs.reading.desk import ReadingDesk
from cogs.reading.hearing import Hearing
from cogs.reading.menus import Menus
from cogs.reading.presence import Presence


async def setup(bot: MynahBot) -> None:
    """Add the cogs, which share one desk."""
    await bot.services.sessions.load()
    desk = ReadingDesk(bot)
    coming = Coming(desk)
    for cog in (ReadCommands(desk), Hearing(desk), coming, Presence(desk, coming), Menus(desk)):
        await bot.add_cog(cog)
