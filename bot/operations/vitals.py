"""How a running bot stands at one moment: what metrics, `mynah status` and the watchdog look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One of several engines that speak as one.

    slots, working: as of `EngineReading`. sentences, speech_seconds: that it has made, and how long
    they last together. letters_per_second: how quick it was of late; None before it has spoken.
    machine: that it is on; "" for this one, and where that is not known yet.
    """

    name: str
    ready: bool
    slots: int
    working: int
    sentences: int
    speech_seconds: float
    letters_per_second: float | None
    machine: str = ""


@dataclass(frozen=True, slots=True)
class EngineReading:
    """The engine. kind, model and device are "" before the first load.

    slots: sentences that it works on together. working: that it has. waiting: for their turn.
    devices: of several engines, how each stands.
    """

    ready: bool
    kind: str = ""
    model: str = ""
    device: str = ""
    slots: int = 0
    working: int = 0
    waiting: int = 0
    devices: tuple[DeviceReading, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerReading:
    """A child process. pid: None where there is none just now. restarts: since the start."""

    name: str
    pid: int | None
    busy: bool
    restarts: int


@dataclass(frozen=True, slots=True)
class VoiceReading:
    """All voice channels together.

    connections: channels the bot is in. speaking: of them, those where something is being said.
    waiting: texts that are said or wait. packets, late, reanchored, late_seconds, max_late_seconds:
    see `bot.voice.pacer.PacerStats`; since the client was made.
    """

    connections: int = 0
    speaking: int = 0
    waiting: int = 0
    packets: int = 0
    late: int = 0
    reanchored: int = 0
    late_seconds: float = 0.0
    max_late_seconds: float = 0.0
    realtime: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All of it. connected: whether Discord can be served. hits, misses: of the phrase cache."""

    connected: bool
    servers: int
    engine: EngineReading
    voice: VoiceReading
    workers: tuple[WorkerReading, ...] = ()
    hits: int = 0
    misses: int = 0


class Pulse(Protocol):
    """A thread that can be asked for a sign of life: the pacer."""

    @property
    def beat_at(self) -> float:
        """When it came round last, in seconds, monotonic."""

    def nudge(self) -> None:
        """Have it come round once."""


class Vitals(Protocol):
    """What a running bot can be asked at any time, on the event loop; neither blocks."""

    def reading(self) -> Reading:
        """Return how everything stands."""

    def pulse(self) -> Pulse | None:
        """Return the pacer's thread; None while there is none."""
