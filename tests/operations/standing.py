"""A bot that stands as a test wants, without any bot."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.operations.vitals import DeviceReading, EngineReading, Reading, VoiceReading, WorkerReading


@dataclass
class Beating:
    """A pacer that comes round when it is nudged, or hangs."""

    beat_at: float = 0.0
    hangs: bool = False

    def nudge(self) -> None:
        if not self.hangs:
            self.beat_at += 1


@dataclass
class Standing:
    """`Vitals` of which every part can be set."""

    connected: bool = True
    ready: bool = True
    pacer: Beating | None = field(default_factory=Beating)
    workers: tuple[WorkerReading, ...] = ()
    devices: tuple[DeviceReading, ...] = ()

    def reading(self) -> Reading:
        engine = EngineReading(
            self.ready, "piper", "joe", "cpu", slots=4, working=1, waiting=2,
            devices=self.devices,
        ) if self.ready else EngineReading(False)  # fmt: skip
        voice = VoiceReading(connections=2, speaking=1, waiting=3, packets=500, late=5)
        return Reading(self.connected, 7, engine, voice, self.workers, hits=3, misses=9)

    def pulse(self) -> Beating | None:
        return self.pacer
