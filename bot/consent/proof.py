"""What shows that a speaker agreed to a sample: shown on its card, and kept when it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.consent.evidence import Evidence
from storage.types import Level, NewConsent, ReferenceClip


@dataclass(frozen=True, slots=True)
class Proof:
    """The evidence of a consent that is being asked for. clip: of the sentence, if it was said."""

    evidence: Evidence
    clip: ReferenceClip | None = None

    @property
    def level(self) -> Level:
        """What it proves."""
        return self.evidence.level

    def consent(self, member_id: int, given_at: datetime) -> NewConsent:
        """Return what is stored when the member agrees."""
        return NewConsent(member_id, given_at, self.evidence.to_json(), self.clip)
