"""A bare bot in a voice channel that has something to say."""

from __future__ import annotations

import asyncio

import discord
import numpy as np

from loopback.audio import Samples
from loopback.model import Guild
from tests.loopback.bare_bot import BareBot, WakefulClient

SILENCE = b"\xf8\xff\xfe"
_FRAME_SECONDS = 0.02


def sweep(seconds: float) -> Samples:
    """Return a rising tone, of which every stretch is different, faded in and out like speech.

    A codec that comes from silence takes a few milliseconds to follow an abrupt start.
    """
    count = int(48_000 * seconds)
    time = np.arange(count) / 48_000
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 4800)
    return np.asarray(0.3 * fade * np.sin(2 * np.pi * (200 + 400 * time) * time), np.float32)


class Speaker:
    """Sends one ready-made packet every 20 ms while connected.

    careful: only once DAVE can encrypt, as a bot should.
    """

    def __init__(
        self, client: discord.VoiceClient, packets: list[bytes], *, careful: bool = True
    ) -> None:
        self._client = client
        self._packets = packets
        self._careful = careful
        self.task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for packet in self._packets:
            if self._may_send():
                self._client.send_audio_packet(packet, encode=False)
            due += _FRAME_SECONDS
            await asyncio.sleep(due - loop.time())

    def _may_send(self) -> bool:
        state = self._client._connection
        readable = state.dave_protocol_version == 0 or state.can_encrypt
        return self._client.is_connected() and (readable or not self._careful)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def connect(bot: BareBot, guild: Guild) -> discord.VoiceClient:
    channel = bot.get_channel(guild.voice.id)
    assert isinstance(channel, discord.VoiceChannel)
    return await channel.connect(timeout=5, cls=WakefulClient)
