"""Bounds of everything that waits in a voice channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """How many utterances may wait in a guild, and of one member there: what its admins set."""

    per_guild: int
    per_member: int


@dataclass(frozen=True, slots=True)
class VoiceLimits:
    """Filled from the configuration.

    queue_per_guild, queue_per_member: utterances that may wait, the one being spoken included; a
        `Room` allows less.
    longest_wait_seconds: until a text could begin to be made; if it is longer, texts are refused.
    chatter_per_guild: likewise, of what is read aloud; it takes no place of the others.
    alone_seconds: how long the bot stays in a channel with nobody to hear it.
    prefetch_seconds: audio synthesised ahead, over all utterances of a guild.
    prefetch_bytes: packets of audio that wait to be heard, in all guilds together; beyond, each has
        a few seconds ahead.
    connect_seconds: one attempt to connect to a channel.
    leave_seconds: waiting for Discord to confirm that the bot left.
    follow_seconds: waiting for the new server after Discord closed the connection of a move.
    encryption_seconds: waiting for DAVE while somebody is there to encrypt for.
    recovery_seconds: attempts to get a lost connection back.
    closing_seconds: at the program's end, time for the sentence in flight.
    """

    queue_per_guild: int = 20
    queue_per_member: int = 5
    longest_wait_seconds: float = 600.0
    chatter_per_guild: int = 50
    alone_seconds: float = 60.0
    prefetch_seconds: float = 30.0
    prefetch_bytes: int = 64 * 1024 * 1024
    connect_seconds: float = 8.0
    leave_seconds: float = 2.0
    follow_seconds: float = 2.0
    encryption_seconds: float = 6.0
    recovery_seconds: float = 40.0
    closing_seconds: float = 4.0
