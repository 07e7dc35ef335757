"""Whether Discord accepts the token: one request, by the configured way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.errors import MynahError

if TYPE_CHECKING:
    from bot.config import Settings

SECONDS = 10.0
"""A network that answers at all does so earlier."""


class UnansweredError(MynahError):
    """Nobody could say whether the token is right."""


class WithheldError(MynahError):
    """Discord will refuse the message content, which the configuration asks for."""


async def bot_name(settings: Settings, seconds: float = SECONDS) -> str:
    """Return the name of the bot that the token belongs to.

    Raises ConfigError for a token that is missing or refused, `WithheldError`, `UnansweredError`
    within `seconds` where Discord cannot be asked.
    """
    # As in `run`: discord.py is imported only by the commands that need it.
    import aiohttp
    import discord

    from bot.discord_http import careful
    from bot.errors import ConfigError
    from bot.login_refusals import NOT_ACCEPTED
    from bot.session import INTENT_REFUSED, brief, require_token

    token, proxy = require_token(settings), settings.discord.proxy
    client = discord.Client(
        intents=discord.Intents.none(), proxy=proxy.get_secret_value() if proxy else None
    )
    try:
        async with asyncio.timeout(seconds), client:
            with careful(client.http, most_bytes=0):
                await client.login(token)
            flags = client.application_flags
            told = flags.gateway_message_content or flags.gateway_message_content_limited
            if settings.discord.message_content and not told:
                raise WithheldError(INTENT_REFUSED)
            return str(client.user)
    except (discord.LoginFailure, ValueError):  # some tokens cannot even be sent
        raise ConfigError(NOT_ACCEPTED) from None
    except TimeoutError:
        raise UnansweredError(f"Discord did not answer within {seconds:g} s. {_CHECK}") from None
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise UnansweredError(f"Discord cannot be reached ({brief(error)}). {_CHECK}") from None


_CHECK = "Check the network, discord.proxy and https://discordstatus.com."
