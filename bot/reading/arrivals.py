"""Comings and goings that are gathered, so that many at once are told as one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reading.message import Author

GATHER_SECONDS = 1.0
"""From the first until they are told."""

MOST_NAMED = 3
"""Of those who come or go at once; more are counted."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Who came and who went, in order, by what was gathered."""

    joined: tuple[Author, ...] = ()
    left: tuple[Author, ...] = ()

    @property
    def crowd(self) -> bool:
        """Whether they are too many to be named."""
        return len(self.joined) + len(self.left) > MOST_NAMED


class Arrivals:
    """What one voice channel gathers; who comes and goes again meanwhile did neither."""

    def __init__(self) -> None:
        self._members: dict[int, tuple[Author, bool]] = {}

    def note(self, member: Author, *, joined: bool) -> None:
        """Take in that somebody came or went."""
        known = self._members.pop(member.id, None)
        if known is None or known[1] is joined:
            self._members[member.id] = member, joined

    def take(self) -> Gathered:
        """Return what was gathered, and begin afresh."""
        members, self._members = self._members.values(), {}
        return Gathered(
            tuple(author for author, joined in members if joined),
            tuple(author for author, joined in members if not joined),
        )
