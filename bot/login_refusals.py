"""What Discord says when it does not let the bot in, or ends it: passing, or a person's to mend."""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import ConfigError, MynahError
from storage.errors import DirectoryInUseError

_TOO_MANY_REQUESTS = 429
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
_AUTHENTICATION_FAILED = 4004
SHARD_CODES = (4010, 4011)
_INTENTS = 4014
_CONFIGURATION_CODES = range(4010, _INTENTS + 1)

NOT_ACCEPTED = (
    "Discord does not accept the token. Copy it anew from "
    "https://discord.com/developers/applications, Bot > Reset Token."
)

UNREACHABLE = (
    aiohttp.ClientError,
    OSError,
    discord.DiscordServerError,
    discord.RateLimited,
    discord.GatewayNotFound,
)


def is_passing(error: Exception) -> bool:
    """Whether it is Discord's or the network's, and may be over in a while."""
    limited = isinstance(error, discord.HTTPException) and error.status == _TOO_MANY_REQUESTS
    return limited or isinstance(error, UNREACHABLE)


def close_code(error: Exception) -> int | None:
    """Return with which code Discord closed the gateway's connection."""
    return error.code if isinstance(error, discord.ConnectionClosed) else None


def raise_if_final(error: Exception, *, message_content: bool = False, auto: bool = False) -> None:
    """Raise what no further attempt can mend: ConfigError, MynahError, DirectoryInUseError.

    message_content: whether the bot can do without. auto: whether the next client asks Discord for
    the number of shards.
    """
    if isinstance(error, DirectoryInUseError):
        raise error
    if isinstance(error, discord.PrivilegedIntentsRequired) and not message_content:
        raise ConfigError(f"Discord refuses this bot (close code {_INTENTS}): {error}") from None
    code = close_code(error)
    if code in SHARD_CODES and auto:
        return
    if isinstance(error, discord.LoginFailure) or code == _AUTHENTICATION_FAILED:
        raise ConfigError(NOT_ACCEPTED) from None
    if code in SHARD_CODES:
        raise ConfigError(
            f"Discord refuses these shards (close code {code}): more servers than the number of "
            "shards in discord.shards is enough for, or a shard that it has not. Raise the number "
            "after the /, the same for all processes."
        ) from None
    if code in _CONFIGURATION_CODES:
        raise ConfigError(f"Discord refuses this bot (close code {code}): {error}") from None
    if isinstance(error, discord.HTTPException) and not is_passing(error):
        raise MynahError(f"Discord refused the login: {error}") from None
