"""Files that members send along."""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import UserError
from bot.i18n import _


async def download(attachment: discord.Attachment) -> bytes:
    """Return what a file holds; its size is to be checked before. Raises UserError."""
    try:
        return await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UserError(
            _("The file could not be fetched from Discord. Try again in a minute.")
        ) from error
