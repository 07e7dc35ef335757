"""What became of the inputs of one target."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MOST_FAILURES = 50
"""So many are described; the others are only counted, as "failed"."""


@dataclass(frozen=True, slots=True)
class Failure:
    """what: is wrong, on a line; reproduce: the input, or the command and case that make it."""

    what: str
    reproduce: str


@dataclass
class Report:
    """outcomes: how often each came out, by a word or two ("refused", "taken")."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How many inputs were tried."""
        return self.outcomes.total()

    def count(self, outcome: str, cases: int = 1) -> None:
        """Note what came of an input that was handled as it should be."""
        self.outcomes[outcome] += cases

    def fail(self, what: str, reproduce: str) -> None:
        """Note an input that was not."""
        self.outcomes["failed"] += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(Failure(what, reproduce))

    def to_json(self) -> dict[str, Any]:
        """Return it for the report of all targets."""
        return {
            "cases": self.cases,
            "outcomes": dict(self.outcomes.most_common()),
            "failures": [{"what": f.what, "reproduce": f.reproduce} for f in self.failures],
            **self.figures,
        }
