"""What the gateway sends, when it is not what discord.py expects: dropped, and told in one line.

discord.py would end the client over one event that it cannot read, and all calls with it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import discord
import structlog
from discord.backoff import ExponentialBackoff

log = structlog.get_logger(__name__)

LONGEST_PAUSE_EXPONENT = 6
"""Pauses between attempts to reach the gateway are at most 2^6 s. discord.py's grow to 17 minutes:
after ten minutes without a gateway nobody would hear the bot for five more."""

_NEEDED = ("READY", "RESUMED")  # a session without them is none


def guard_events(parsers: MutableMapping[str, Callable[[Any], None]]) -> None:
    """Have each event that cannot be read dropped. parsers: discord.py's, by name of the event."""
    for name, parser in parsers.items():
        if name not in _NEEDED:
            parsers[name] = _guarded(name, parser)


def _check(name: str, data: Any) -> None:
    """Raise what a task of discord.py's would, which nobody could catch."""
    if name == "VOICE_SERVER_UPDATE":
        texts = (data["token"], data["endpoint"] or "")
    elif name == "VOICE_STATE_UPDATE":
        texts = (data["session_id"], data["channel_id"] or "0")
        int(texts[1])
    else:
        return
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"not texts: {texts!r}")


def _guarded(name: str, parser: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse(data: Any) -> None:
        try:
            _check(name, data)
            parser(data)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.name}:{frame.lineno}"
            log.warning("event of Discord's cannot be read", stage="gateway", name=name,
                        error=repr(error)[:200], where=where)  # fmt: skip

    return parse


def reconnect_soon(bot: discord.AutoShardedClient, shard_id: int) -> None:
    """Bound the pauses before a shard tries to reach the gateway again."""
    shard = bot.shards.get(shard_id)
    backoff = getattr(shard and shard._parent, "_backoff", None)  # private: it may go
    if isinstance(backoff, ExponentialBackoff):
        backoff._max = LONGEST_PAUSE_EXPONENT
