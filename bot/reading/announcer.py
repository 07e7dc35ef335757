"""Who is said to write: "NAME says", once until another speaks or a minute passes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SECONDS_A_NAME_HOLDS = 60.0
MAX_MEMBERS = 200
"""Whose names and voices are remembered, in one guild."""

When = Literal["auto", "always", "never"]


@dataclass(slots=True)
class _Member:
    """What was heard of a member last. voice_id: in which voice."""

    name: str
    number: int
    voice_id: int


class Announcer:
    """What one guild heard of who writes."""

    def __init__(self) -> None:
        self._members: OrderedDict[int, _Member] = OrderedDict()
        self._last: int | None = None
        self._said_at: float | None = None  # the name of the last one, if it was said

    def name_for(
        self, member_id: int, name: str, *, voice_id: int, own: bool, when: When, now: float
    ) -> str | None:
        """Return how a member is called before what they write, None for not at all.

        name: as it is said. own: whether the voice is theirs, which with "auto" needs no name,
        unless another spoke in it. now: in seconds. Of members with one name, the second is
        "NAME 2".
        """
        member = self._heard(member_id, name, voice_id)
        goes_on = self._last == member_id
        self._last = member_id
        if not goes_on:
            self._said_at = None
        if when == "never" or (when == "auto" and own and not self._is_shared(member_id)):
            return None
        if self._said_at is not None and now - self._said_at < SECONDS_A_NAME_HOLDS:
            return None
        self._said_at = now
        return member.name if member.number == 1 else f"{member.name} {member.number}"

    def interrupted(self, member_id: int = 0) -> None:
        """Hear that another spoke, so that the next name is said again; 0 is nobody that writes."""
        if self._last != member_id:
            self._last = None

    def forget(self, covers: Callable[[int], bool]) -> None:
        """Forget members. covers: whether one is meant."""
        for member_id in [each for each in self._members if covers(each)]:
            del self._members[member_id]
        if self._last is not None and covers(self._last):
            self._last = None

    def _heard(self, member_id: int, name: str, voice_id: int) -> _Member:
        known = self._members.pop(member_id, None)
        if known is None or known.name != name:
            known = _Member(name, self._free_number(name), voice_id)
        if known.voice_id != voice_id:  # who is it, in another voice?
            self._last = None
        known.voice_id = voice_id
        self._members[member_id] = known
        if len(self._members) > MAX_MEMBERS:
            self._members.popitem(last=False)
        return known

    def _free_number(self, name: str) -> int:
        taken = {m.number for m in self._members.values() if _alike(m.name) == _alike(name)}
        return next(number for number in range(1, MAX_MEMBERS + 2) if number not in taken)

    def _is_shared(self, member_id: int) -> bool:
        voice_id = self._members[member_id].voice_id
        return any(
            other.voice_id == voice_id
            for other_id, other in self._members.items()
            if other_id != member_id
        )


def _alike(name: str) -> str:
    return name.casefold()
