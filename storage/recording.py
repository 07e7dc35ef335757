"""What a voice's row says about its recording, and the recording's file, written together."""

from __future__ import annotations

import asyncio
from dataclasses import astuple, dataclass

from storage.clip_files import ClipFiles, clip_name
from storage.clips import encode_clip, sealed_content
from storage.connections import Execute, Parameters, Row
from storage.errors import StorageError
from storage.rows import timestamp, to_json
from storage.sealing import KeyRing
from storage.types import Level, ReferenceClip, VoiceProfile
from storage.upkeep import claim

_FORMER_COLUMNS = (
    "former_sha256", "former_seconds", "former_pitch_hz", "former_quality",
    "former_consented_by", "former_consented_at", "former_level",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip, what was measured on it, and the consent to it, as their columns hold them."""

    sha256: str | None
    seconds: float | None = None
    pitch_hz: float | None = None
    quality: str | None = None
    consented_by: int | None = None
    consented_at: str | None = None
    level: Level | None = None

    @property
    def values(self) -> Parameters:
        """In the order of their columns."""
        return astuple(self)

    @classmethod
    def of(cls, profile: VoiceProfile) -> Recording:
        """Return the recording that a voice has."""
        return cls(
            profile.clip_sha256, profile.seconds, profile.pitch_hz, to_json(profile.quality),
            profile.consented_by, timestamp(profile.consented_at), profile.level,
        )  # fmt: skip

    @classmethod
    def former_of(cls, row: Row) -> Recording:
        """Return the recording that the voice of a row had before; its hash is None without one."""
        return cls(*(row[name] for name in _FORMER_COLUMNS))


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """A clip as its file's name and content. seconds: its length.

    keys: what the content will be sealed with when it is written.
    """

    sha256: str
    seconds: float
    content: bytes
    keys: KeyRing


async def encode(clip: ReferenceClip, keys: KeyRing) -> EncodedClip:
    """Encode a clip in a thread, to be sealed with keys when it is written.

    Raises ValueError as `encode_clip` does.
    """
    return await asyncio.to_thread(
        lambda: EncodedClip(clip.sha256, clip.seconds, encode_clip(clip), keys)
    )


async def write_file(execute: Execute, clips: ClipFiles, encoded: EncodedClip) -> None:
    """Write a clip inside the transaction of its row, sealed where there is a key.

    Also when the file is there already: that mends a damaged one, for all voices that share it.

    Raises StorageError.
    """
    name = clip_name(encoded.sha256)
    try:
        await clips.run(_write, clips, name, encoded)
    except OSError as error:
        raise StorageError(
            f"The clip {clips.kept.clip(name)} cannot be written ({error.strerror}). "
            f"{clips.write_advice}"
        ) from error
    await claim(execute, encoded.sha256)
    await execute(
        "UPDATE voices SET damage = NULL WHERE clip_sha256 = ? AND damage IS NOT NULL",
        (encoded.sha256,),
    )


def _write(clips: ClipFiles, name: str, encoded: EncodedClip) -> None:
    clips.kept.write(name, sealed_content(encoded.content, encoded.sha256, encoded.keys))
