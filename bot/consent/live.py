"""What a live recording came to; light enough for the bot process to import."""

from __future__ import annotations

from dataclasses import dataclass

from bot.consent.challenge import Challenge
from bot.consent.recognition import WordCheck
from bot.enrolment.types import EnrolmentSample
from storage.types import Level, ReferenceClip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a member was asked to say: a sentence in a language, which ends with the words."""

    text: str
    language: str
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class LiveSample:
    """A live recording as it can be saved.

    sample: as of an upload; its report counts from the recording's start. sentence: the part in
    which the sentence of consent was said. words: what became of its words.
    gaps, lost_seconds: how often and for how long nothing arrived of what was sent.
    similarity: of sentence and kept part, from 0 to 1; None where the engine cannot compare.
    """

    sample: EnrolmentSample
    sentence: ReferenceClip
    words: WordCheck
    gaps: int = 0
    lost_seconds: float = 0.0
    similarity: float | None = None

    @property
    def level(self) -> Level:
        """What it proves."""
        return "spoken" if self.words.outcome == "passed" else "live"
