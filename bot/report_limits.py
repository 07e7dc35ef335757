"""How often members may report: each line once, and few in a minute."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from bot.errors import BusyError
from bot.i18n import _
from bot.settings.rate import MinuteLimit

MOST_PER_MINUTE = 3
"""Of one member: each is a message to the moderators."""


class ReportLimits:
    """Lets in reports one by one; that a line was reported before, the audit trail knows."""

    def __init__(self, limit: MinuteLimit | None = None) -> None:
        self._limit = limit if limit is not None else MinuteLimit()
        self._in_work: set[Hashable] = set()

    @contextmanager
    def admit(self, guild_id: int, member_id: int, line: Hashable) -> Iterator[None]:
        """Hold a place for a member's report of a line.

        Raises BusyError where the same is in work, or the minute has had as many as it may.
        """
        key = (guild_id, member_id, line)
        if key in self._in_work:
            raise BusyError(already_reported())
        wait = self._limit.take(guild_id, member_id, MOST_PER_MINUTE)
        if wait > 0:
            text = _("That were many reports at once. Try again in {seconds} s.")
            raise BusyError(text.format(seconds=max(1, round(wait))))
        self._in_work.add(key)
        try:
            yield
        finally:
            self._in_work.remove(key)


def already_reported() -> str:
    """Return what is told to who reports a line again, in the current language."""
    return _("You have reported that already.")
