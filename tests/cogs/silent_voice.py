"""A connection to a voice channel without sound: what is heard is tested on the wire."""

from __future__ import annotations

from typing import Any

import discord
import simcord


class SilentVoiceClient(discord.VoiceProtocol):
    """Joins as far as simcord goes. `audible` says whether packets can be sent."""

    env: simcord.Env
    audible = True
    over = False
    voice_privacy_code = "00010 00002 00003 00004 00005 00006"

    def __init__(self, client: discord.Client, channel: Any, **_: Any) -> None:
        super().__init__(client, channel)
        self.there = False

    async def connect(self, **_: Any) -> None:
        self.there = True
        self._tell_discord(self.channel.id)

    async def disconnect(self, *, force: bool = False) -> None:
        self._tell_discord(None)
        await self.abandon()

    async def abandon(self) -> None:
        self.there = False
        self.cleanup()

    def _tell_discord(self, channel_id: int | None) -> None:
        backend = self.env.backend  # simcord's gateway takes no voice states from bots
        backend.set_voice_state(
            self.channel.guild.id, backend.bot_user.id, channel_id, self_deaf=True
        )

    async def on_voice_state_update(self, data: Any) -> None: ...

    async def on_voice_server_update(self, data: Any) -> None: ...

    def is_connected(self) -> bool:
        return self.there

    def can_speak(self) -> bool:
        return self.there and type(self).audible

    def send_audio_packet(self, packet: bytes, *, encode: bool) -> None: ...

    def speaking(self, on: bool) -> None: ...
