"""A guild's player whose packets go out when the test says so: no network, no clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.speech.types import PACKET_SECONDS, Speech
from bot.voice.fetcher import Lead
from bot.voice.limits import VoiceLimits
from bot.voice.outlet import SILENCE, Outlet
from bot.voice.player import GuildPlayer, Ticket
from bot.voice.track import Track, TrackEvent
from bot.voice.utterances import Rank
from tests.voice.stage import Script

CHANNEL_ID = 5


def made(name: str, packets: int = 4) -> Speech:
    """Return a sentence whose packets tell what they are of."""
    return Speech(tuple(f"{name} {n}".encode() for n in range(packets)), packets * PACKET_SECONDS)


class Sink:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.up = True

    def ready(self) -> bool:
        return self.up

    def send(self, packet: bytes) -> None:
        if packet != SILENCE:
            self.sent.append(packet)

    def speaking(self, on: bool) -> None:
        """Nobody looks."""


class SteppedPacer:
    """Makes the one outlet; its events reach the loop later, as those of the pacer's thread do."""

    def __init__(self) -> None:
        self.sink = Sink()

    def outlet(self, _link: Any) -> Outlet:
        self.made = Outlet(self.sink, self._notify, lambda outlet: None)
        return self.made

    def _notify(self, track: Track, event: TrackEvent) -> None:
        asyncio.get_running_loop().call_soon(track.on_event, event)


class _Player(GuildPlayer):
    """Believes that it is in a channel."""

    class _Channel:
        id = CHANNEL_ID

    channel: Any = _Channel()


class Stepped:
    """A player, and what it sent."""

    def __init__(self, *, texts: int = 1, **limits: float) -> None:
        self._pacer: Any = SteppedPacer()
        bounds = replace(VoiceLimits(closing_seconds=0.01), **limits)
        nobody: Any = None
        lead = Lead(bounds.prefetch_seconds, lambda: texts)
        self.player = _Player(nobody, 1, self._pacer, bounds, lead)

    @property
    def sink(self) -> Sink:
        return self._pacer.sink

    @property
    def sent(self) -> list[str]:
        """Which packets were sent, such as "A 0"."""
        return [packet.decode() for packet in self.sink.sent]

    @property
    def sentences(self) -> list[str]:
        """Which sentences were begun, in order."""
        return [packet.removesuffix(" 0") for packet in self.sent if packet.endswith(" 0")]

    def say(self, script: Script, *, first: bool = False, **details: Any) -> Ticket:
        return self.player.say(replace(script.request(CHANNEL_ID), **details), first=first)

    def read(self, script: Script, **details: Any) -> Ticket:
        """Read a message aloud."""
        return self.say(script, rank=Rank.CHATTER, **details)

    async def send(self, packets: int) -> None:
        """Let so many packets be sent, silence included, and what follows happen."""
        for _ in range(packets):
            self.step()
            await settle()

    def step(self) -> None:
        """Let a packet be sent before the loop hears of anything."""
        self._pacer.made.step()


async def settle() -> None:
    """Let everything happen that can happen by itself."""
    for _ in range(10):
        await asyncio.sleep(0)
