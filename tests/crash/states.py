"""What a voice should be, and reading what it is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np

from storage.types import CLIP_SAMPLE_RATE, NewConsent, ReferenceClip, VoiceProfile
from storage.voices import VoiceStore

GUILD = 81_384_788_765_712_384
OWNER = 111_000_000_000_000_000
"""A voice's owner is this and its key: names change."""
SENTENCES = 1_000_000
"""The number of a clip's sentence of consent is the clip's and this."""
GIVEN_AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class State:
    """A stored voice. clip, former: numbers of clips; seed: a setting of how it speaks."""

    name: str
    clip: int
    former: int | None = None
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@lru_cache(maxsize=256)
def clip_of(number: int) -> ReferenceClip:
    """Return a clip: noise that is another for each number, short but for every seventh."""
    seconds = 12.0 if number % 7 == 0 and number < SENTENCES else 0.1
    noise = np.random.default_rng(number).normal(0, 0.1, int(seconds * CLIP_SAMPLE_RATE))
    return ReferenceClip(noise.astype(np.float32))


def consent_to(number: int, owner: int) -> NewConsent:
    """Return the evidence that is stored with the clip of that number."""
    return NewConsent(owner, GIVEN_AT, {"clip": number}, clip_of(number + SENTENCES))


async def faults_of(store: VoiceStore, voice: VoiceProfile, wanted: State) -> list[str]:
    """Return how a stored voice differs from what it should be, bit for bit."""
    if (voice.name, voice.seed) != (wanted.name, wanted.seed):
        return [f"{voice.name!r} with seed {voice.seed} instead of {wanted}"]
    if voice.clip_sha256 != clip_of(wanted.clip).sha256:
        return [f"{voice.name!r} has another clip than {wanted.clip}"]
    [row] = await store.database.read("SELECT former_sha256 FROM voices WHERE id = ?", (voice.id,))
    former = clip_of(wanted.former).sha256 if wanted.former is not None else None
    if row[0] != former:
        return [f"{voice.name!r} has another former clip than {wanted.former}"]
    faults = await _faults_of_clip(store, voice, wanted.clip)
    if wanted.former is not None:
        faults += await _faults_of_clip(store, voice, wanted.former)
    return faults


async def _faults_of_clip(store: VoiceStore, voice: VoiceProfile, number: int) -> list[str]:
    """Read a clip and the evidence of the consent to it. Raises StorageError for damaged ones."""
    right = clip_of(number)
    if not _same(await store.load(right.sha256), right):
        return [f"clip {number} of {voice.name!r} has other samples"]
    consent = await store.consent_of(voice.id, right.sha256)
    if consent is None or consent.record != {"clip": number}:
        return [f"the evidence with clip {number} of {voice.name!r} is {consent}"]
    sentence = await store.load_consent_clip(consent)
    if sentence is None or not _same(sentence, clip_of(number + SENTENCES)):
        return [f"the sentence of consent to clip {number} of {voice.name!r} is another"]
    return []


def _same(clip: ReferenceClip, other: ReferenceClip) -> bool:
    return clip.samples.tobytes() == other.samples.tobytes()
