"""Whether Discord sends the bot what others say: its own deafness, as every member sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

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
    except (TimeoutError, discord.ClientException, aiohttp.ClientError, OSError, AttributeError):
        return False  # the gateway is just being lost; the library has no connection to ask over
    finally:
        confirmed.cancel()
    return True
