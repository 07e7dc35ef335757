"""Whether Discord sends the bot what others say: its own deafness, as every member sees it."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import discord

# The last is the library's, when it has no connection to ask over.
_GATEWAY_LOST = (discord.ClientException, aiohttp.ClientError, OSError, AttributeError)

_Channel = discord.VoiceChannel | discord.StageChannel


def is_deaf(channel: _Channel) -> bool:
    """Whether Discord shows the bot as deaf by its own wish, or as in no channel."""
    state = channel.guild.me.voice
    return state is None or state.self_deaf


async def set_deaf(bot: discord.Client, channel: _Channel, on: bool, within: float) -> bool:
    """Ask to hear, or to hear no more; whether Discord has confirmed it `within` seconds.

    channel: that the bot is in. To ask for one that it is not in (any more) would be to join it.
    """
    me = channel.guild.me
    if me.voice is None or me.voice.channel != channel:
        return False
    confirmed = asyncio.ensure_future(
        bot.wait_for(
            "voice_state_update",
            check=lambda member, before, after: member == me and after.self_deaf == on,
            timeout=within,
        )
    )
    try:
        await channel.guild.change_voice_state(channel=channel, self_deaf=on)
        await confirmed
    except (TimeoutError, *_GATEWAY_LOST):
        return False
    finally:
        confirmed.cancel()
    return True


async def leave_channel(guild: discord.Guild) -> None:
    """Ask to be in no channel: a question about one that crosses a disconnect is a wish to join."""
    with contextlib.suppress(*_GATEWAY_LOST):
        await guild.change_voice_state(channel=None)
