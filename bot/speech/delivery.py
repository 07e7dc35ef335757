"""How speech is brought to the listener, whatever the engine: its speed and its loudness."""

from __future__ import annotations

from dataclasses import dataclass, replace

SLOWEST, FASTEST = 0.5, 2.0
"""Bounds of the speed."""

SOFTEST_DB, LOUDEST_DB = -12.0, 6.0
"""Bounds of the volume."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a text is delivered.

    speed: 0.5 to 2 times as fast as the engine speaks, at the same pitch.
    volume_db: -12 to +6 dB above the level of all voices.
    loudness_lufs: that level, integrated loudness by ITU-R BS.1770-4; -30 to -14 LUFS.

    Raises ValueError out of these ranges.
    """

    speed: float = 1.0
    volume_db: float = 0.0
    loudness_lufs: float = -20.0

    def __post_init__(self) -> None:
        in_range = (
            SLOWEST <= self.speed <= FASTEST,
            SOFTEST_DB <= self.volume_db <= LOUDEST_DB,
            -30 <= self.loudness_lufs <= -14,
        )
        if not all(in_range):
            raise ValueError(f"{self} is out of range")

    def faster(self, factor: float) -> Delivery:
        """Return the same, `factor` times as fast within the range of the speed."""
        return replace(self, speed=min(max(self.speed * factor, SLOWEST), FASTEST))


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """What a text, a member or a voice has of its own; None where it has nothing."""

    speed: float | None = None
    volume_db: float | None = None

    def over(self, other: DeliverySettings) -> DeliverySettings:
        """Return these settings where they are given, and `other`'s elsewhere."""
        return DeliverySettings(
            other.speed if self.speed is None else self.speed,
            other.volume_db if self.volume_db is None else self.volume_db,
        )


NOTHING_SET = DeliverySettings()


def combined(
    guild: Delivery,
    voice: DeliverySettings = NOTHING_SET,
    member: DeliverySettings = NOTHING_SET,
    text: DeliverySettings = NOTHING_SET,
) -> Delivery:
    """Return how a text is delivered.

    Its speed is its own, else the member's, else the voice's, else the guild's: a speed is what
    somebody wants to hear. The volumes add up, within the range, because each is a correction of
    something else: of this text, this speaker, this recording, this server. So a guild that turns
    speech down turns everybody down.
    """
    own = (text, member, voice)
    speed = next((each.speed for each in own if each.speed is not None), guild.speed)
    volume = guild.volume_db + sum(each.volume_db or 0.0 for each in own)
    return replace(guild, speed=speed, volume_db=min(max(volume, SOFTEST_DB), LOUDEST_DB))
