"""Files that members send along."""

from __future__ import annotations

import discord
import structlog

from bot.discord_http import DISCORD_FAILED
from bot.errors import UserError
from bot.i18n import N_, _

log = structlog.get_logger(__name__)

_NOT_FETCHED = N_("The file could not be fetched from Discord. Try again in a minute.")


async def download(attachment: discord.Attachment) -> bytes:
    """Return what a file holds; its size is to be checked before.

    Raises UserError, also for a file that is not as large as it was said to be.
    """
    try:
        content = await attachment.read()
    except DISCORD_FAILED as error:
        log.info("file not fetched", stage="command", error=repr(error))
        raise UserError(_(_NOT_FETCHED)) from error
    if len(content) != attachment.size:
        log.info("file of another size", stage="command", bytes=len(content), said=attachment.size)
        raise UserError(_(_NOT_FETCHED))
    return content
