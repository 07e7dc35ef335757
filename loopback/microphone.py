"""A person who speaks: Opus, encrypted by their own libdave, over a network that may be bad."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .listener import Listener
from .rtp import OutgoingPacket

SAMPLES_PER_SECOND = 48_000


@dataclass(frozen=True, slots=True)
class Network:
    """What happens to packets on their way to the bot.

    loss, duplicates: shares of 1. jitter: seconds; each packet is late by 0 to that, by chance, so
    that those closer together change places.
    """

    loss: float = 0.0
    jitter: float = 0.0
    duplicates: float = 0.0
    seed: int = 1


GOOD = Network()

Deliver = Callable[[OutgoingPacket], bool]
"""Sends to the bot, if it is in the call and not deaf; returns whether it did."""


@dataclass
class Microphone:
    """One client's stream. `opus` is what was sent, in order; `lost` counts what the network ate.

    announce: tells the others in the call the SSRC, as clients do when they begin to speak.
    extension, padding: what each packet carries besides, as real clients' do.
    plain: without end-to-end encryption, whatever the call asks for.
    """

    listener: Listener
    ssrc: int
    deliver: Deliver
    announce: Callable[[int], None]
    sequence: int = 65_500  # so that it soon begins anew
    timestamp: int = 2**32 - 4_800
    extension: bytes = b"\x10\xff\x00\x00"
    padding: int = 0
    plain: bool = False
    opus: list[bytes | None] = field(default_factory=list)
    lost: int = 0
    delivered: int = 0

    async def say(
        self,
        packets: Iterable[bytes | None],
        network: Network = GOOD,
        *,
        samples: int = 960,
        pace: float = 1.0,
    ) -> None:
        """Send packets of `samples` each; None is a pause as long, in which nothing is sent.

        pace: how many times faster than real time. Returns when all have arrived.
        """
        self.announce(self.ssrc)
        loop, chance = asyncio.get_running_loop(), random.Random(network.seed)  # noqa: S311 - weather, not secrets
        begin, flying = loop.time(), 0.0
        for number, packet in enumerate(packets):
            if packet is not None:
                flying = max(flying, self._send(packet, network, chance))
            self.opus.append(packet)
            self.timestamp = (self.timestamp + samples) % 2**32
            due = begin + (number + 1) * samples / SAMPLES_PER_SECOND / pace
            await asyncio.sleep(max(0.0, due - loop.time()))
        await asyncio.sleep(flying)

    def _send(self, packet: bytes, network: Network, chance: random.Random) -> float:
        """Send one packet over the network; returns how late it comes at most."""
        self.sequence = (self.sequence + 1) % 65_536
        sealed = packet if self.plain else self.listener.sealed(self.ssrc, packet)
        outgoing = OutgoingPacket(
            self.sequence, self.timestamp, self.ssrc, sealed, self.extension, self.padding
        )
        if chance.random() < network.loss:
            self.lost += 1
            return 0.0
        for _copy in range(2 if chance.random() < network.duplicates else 1):
            delay = chance.uniform(0, network.jitter)
            if delay:
                asyncio.get_running_loop().call_later(delay, self._arrive, outgoing)
            else:
                self._arrive(outgoing)
        return network.jitter

    def _arrive(self, packet: OutgoingPacket) -> None:
        self.delivered += self.deliver(packet)
