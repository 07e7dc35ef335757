"""The voice side of a live recording, as a double: the test says what is heard."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bot.consent.packets import PlacedPacket
from bot.consent.recording import LiveRecording, RecordingLimits
from bot.errors import UserError
from loopback.audio import encode_opus

SPOKEN = encode_opus(np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32))


@dataclass
class Ear:
    """Begins a recording that the test speaks into, or refuses it with what the test says."""

    refusal: str | None = None
    recordings: list[LiveRecording] = field(default_factory=list)

    @property
    def recording(self) -> LiveRecording:
        return self.recordings[-1]

    async def record(self, member_id: int, limits: RecordingLimits | None = None) -> LiveRecording:
        if self.refusal is not None:
            raise UserError(self.refusal)
        recording = LiveRecording(member_id, limits)
        recording.begin()
        self.recordings.append(recording)
        recording.over.add_done_callback(lambda _: recording.settle())
        return recording

    def hear(self) -> None:
        """A second of sound."""
        for number, packet in enumerate(SPOKEN):
            self.recording.take(PlacedPacket(960 * number, packet))
