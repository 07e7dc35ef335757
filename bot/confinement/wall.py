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
        return f"{self.name}: NOT HELD here ({why})"


def in_words(walls: Sequence[Wall]) -> str:
    """Return all of them in a line."""
    return ", ".join(map(str, walls)) or "none"


def lacking(walls: Sequence[Wall]) -> str:
    """Return in a line what the system does not have of walls that stand all the same, and why."""
    found = {means: why for wall in walls if wall.stands for means, why in wall.missing}
    return ", ".join(f"{means} ({why})" for means, why in found.items())
