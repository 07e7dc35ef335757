"""What is told of a wall: whether it stands, by what means, and what the system lacks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wall:
    """One thing that a process can do no more.

    name: what it is for, such as "no network". means: what holds it, such as "seccomp"; any one of
    them is enough. missing: what would hold it, too, and why it does not, in words.
    """

    name: str
    means: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def stands(self) -> bool:
        """Whether anything holds it."""
        return bool(self.means)

    def __str__(self) -> str:
        if self.stands:
            return f"{self.name} ({', '.join(self.means)})"
        why = "; ".join(f"{means}: {reason}" for means, reason in self.missing)
        return f"NOT {self.name} ({why})"


def in_words(walls: Sequence[Wall]) -> str:
    """Return all of them in a line."""
    return ", ".join(map(str, walls)) or "none"


def missing(walls: Sequence[Wall]) -> dict[str, str]:
    """Return each means that the system lacks, and why."""
    return {means: reason for wall in walls for means, reason in wall.missing}
