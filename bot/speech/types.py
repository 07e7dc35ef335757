"""What travels between the bot and the engine worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from bot.errors import MynahError

EngineKind = Literal["chatterbox", "piper"]
ChatterboxModel = Literal["english", "turbo", "multilingual"]

OPUS_SAMPLE_RATE = 48_000
"""Hz. Discord's voice is 48 kHz Opus."""

PACKET_SECONDS = 0.02
"""One Opus packet is 20 ms: 960 samples."""


@dataclass(frozen=True, slots=True)
class VoiceReference:
    """Where a worker finds a voice: the clip's file, its hash, and the speaker's median pitch.

    clip_path: a clip file of storage; clip_sha256: what its samples must hash to.
    pitch_hz: median pitch in Hz, or None if it could not be measured.
    """

    clip_path: Path
    clip_sha256: str
    pitch_hz: float | None = None


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One sentence to synthesise.

    text: cleaned, within the sentence limit, with at least one letter or digit.
    language: ISO 639-1 code, or None for the model's own.
    seed: makes the result repeatable; None draws one.
    """

    text: str
    voice: VoiceReference
    language: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """One synthesised sentence.

    packets: 48 kHz mono Opus packets of 20 ms each.
    seconds: length of the audio that was encoded.
    timings: seconds spent by stage ("conditionals", "synthesis", "encode", ...).
    """

    packets: tuple[bytes, ...]
    seconds: float
    timings: Mapping[str, float] = field(default_factory=dict)


SynthesisResult: TypeAlias = Speech | MynahError
"""What became of one request of a batch: one bad sentence does not fail the others."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What the engine worker needs to load an engine; a part of the configuration.

    checkpoint: a directory of model files; None downloads from the hub.
    device: "auto", "cuda", "mps" or "cpu".
    cache_bytes: bound of the cache of prepared voices.
    """

    kind: Literal["auto", "chatterbox", "piper"] = "auto"
    model: ChatterboxModel = "english"
    checkpoint: Path | None = None
    device: str = "auto"
    cache_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was loaded. clones: whether the engine clones the voice or only previews its pitch."""

    kind: EngineKind
    model: str
    device: str
    clones: bool
    reason: str
    load_seconds: float
