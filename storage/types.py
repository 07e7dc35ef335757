"""The rows and arrays that storage hands out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

CLIP_SAMPLE_RATE = 24_000
"""Hz. ChatterboxTTS conditions on 24 kHz audio, so clips are kept at that rate."""

OPERATOR_GUILD_ID = 0
"""The operator's voices live in guild 0; every guild can use them."""

Level: TypeAlias = Literal["spoken", "live", "own message", "declared", "operator"]
"""How it is known that the speaker agreed; `bot.consent.levels` says what each means."""

Reach: TypeAlias = Literal["owner", "named", "everybody"]
"""Who may speak as a voice: its owner alone, named members and roles too, or all on its server."""


@dataclass(frozen=True)
class ReferenceClip:
    """The durable thing: a speaker's voice as mono audio.

    samples: float32, shape (n,), 24,000 Hz, finite, nominally within [-1, 1].
    """

    samples: npt.NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / CLIP_SAMPLE_RATE

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of the samples as little-endian float32: the clip's name on disk."""
        return hashlib.sha256(self.samples.astype("<f4", copy=False).tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewVoice:
    """What is known about a voice when it is added.

    guild_id: the Discord guild, or 0 for the operator's voices.
    owner_id, consented_by: Discord user ids; None for voices the operator adds.
    pitch_hz: the speaker's median pitch in Hz, if the clip let it be measured.
    quality: the quality report as a JSON object, kept for display.
    """

    guild_id: int
    name: str
    language: str | None = None
    owner_id: int | None = None
    consented_by: int | None = None
    consented_at: datetime | None = None
    pitch_hz: float | None = None
    quality: dict[str, Any] | None = None
    level: Level = "operator"
    reach: Reach = "everybody"


@dataclass(frozen=True, slots=True)
class NewConsent:
    """The evidence of a consent to a recording, when both are stored.

    member_id: the Discord user id of who agreed. clip: the sentence of consent as it was spoken;
    None where none was recorded. record: a JSON object; `bot.consent.evidence` says of what.
    """

    member_id: int
    given_at: datetime
    record: dict[str, Any]
    clip: ReferenceClip | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """The stored evidence of the consent to one recording of a voice.

    clip_sha256: of that recording. given_at: UTC. consent_sha256: of the clip of the sentence of
    consent, which `VoiceStore.load_consent_clip` reads; None where none was recorded.
    """

    voice_id: int
    clip_sha256: str
    member_id: int
    given_at: datetime
    consent_sha256: str | None
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """A stored voice: one row. Times are UTC. `damage` says why its clip cannot be used, if so.

    exaggeration, cfg_weight, temperature, seed, takes: how it speaks; None is the model's default.
    speed (0.5 to 2), volume_db (-12 to 6): how it is delivered; None where nothing is set.
    former_until: until when the recording that it had before can be brought back; None without one.
    former_level: what that recording proves of consent.
    access_version: counts changes of who may speak as it.
    """

    id: int
    guild_id: int
    name: str
    clip_sha256: str
    seconds: float
    language: str | None
    owner_id: int | None
    consented_by: int | None
    consented_at: datetime | None
    pitch_hz: float | None
    quality: dict[str, Any] | None
    created_at: datetime
    last_used_at: datetime | None
    use_count: int
    damage: str | None
    exaggeration: float | None = None
    cfg_weight: float | None = None
    temperature: float | None = None
    seed: int | None = None
    takes: int | None = None
    speed: float | None = None
    volume_db: float | None = None
    former_until: datetime | None = None
    former_level: Level | None = None
    level: Level = "operator"
    reach: Reach = "everybody"
    paused_by_owner_at: datetime | None = None
    paused_by_admin_at: datetime | None = None
    access_version: int = 0

    @property
    def paused(self) -> bool:
        """Whether nobody may speak as it now, not even its owner."""
        return self.paused_by_owner_at is not None or self.paused_by_admin_at is not None

    @property
    def state(self) -> VoiceState:
        """What those who use the voice compare with what is stored."""
        return VoiceState(self.clip_sha256, self.paused, self.access_version)

    def can_be_restored(self, now: datetime) -> bool:
        """Whether the recording that the voice had before is still kept."""
        return self.former_until is not None and now < self.former_until


@dataclass(frozen=True, slots=True)
class VoiceState:
    """What those who use a voice have to hear of when it changes."""

    clip_sha256: str
    paused: bool = False
    access_version: int = 0


@dataclass(frozen=True, slots=True)
class LostClip:
    """A recording that no voice needs. folder: where lost/ is; size: in bytes."""

    folder: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What a check of the store found and did.

    swept: names of the files that no voice needed and that were removed: their voices were deleted
        or never stored.
    moved: names of the clips that were moved to lost/, because nobody knows why no voice needs
        them; returned: of those that came back from there, because a voice needs them.
    lost: all that lies there.
    damaged: voices that cannot be used; restored: voices that were marked and work again.
    damaged_evidence: of consents, a sentence each; the voices work all the same.
    """

    swept: tuple[str, ...]
    moved: tuple[str, ...]
    returned: tuple[str, ...]
    lost: tuple[LostClip, ...]
    damaged: tuple[VoiceProfile, ...]
    restored: tuple[VoiceProfile, ...]
    damaged_evidence: tuple[str, ...] = ()

    @property
    def lost_advice(self) -> str | None:
        """What lies in lost/ and what to do about it, on one line; None if there is nothing."""
        if not self.lost:
            return None
        megabytes = sum(clip.size for clip in self.lost) / 1e6
        return (
            f"{len(self.lost)} recordings without a voice ({megabytes:.1f} MB) lie in "
            f"{self.lost[0].folder}. If mynah.db is an older one, restore the newest and start"
            " again: recordings that a voice needs come back by themselves. If nobody needs them, "
            "remove them."
        )
