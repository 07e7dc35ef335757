"""Which of those who speak are named anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REPEAT_SECONDS = 300.0
"""After that a member who goes on speaking in a voice is named again."""

AFTER_ANOTHER_SECONDS = 30.0
"""After that they are named again where another line stands below theirs."""

MAX_LINES = 64
"""That are remembered of a guild; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """A member begins to be heard in a voice.

    channel_id: the voice channel. member_id: of a webhook, see `webhook_author`; webhook: the name
    of whom it wrote for. owner_id: whose voice it is; None for nobody's. at: when, in s since 1970.
    """

    channel_id: int
    member_id: int
    voice_id: int
    voice: str
    owner_id: int | None
    at: int
    webhook: str | None = None

    @property
    def others(self) -> bool:
        """Whether the voice is another member's."""
        return self.owner_id is not None and self.owner_id != self.member_id


class RecentLines:
    """What a guild's channel was told lately, so that it is not told so again and again."""

    def __init__(self) -> None:
        self._channel_id = 0
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()  # when, in s; newest last

    def is_news(self, speaking: Speaking, now: float) -> bool:
        """Whether it is to be told; then it counts as told. now: monotonic, in s."""
        if speaking.channel_id != self._channel_id:  # whoever is there has read nothing yet
            self._channel_id, self._told = speaking.channel_id, OrderedDict()
        key = speaking.member_id, speaking.voice_id
        told_at = self._told.get(key)
        if told_at is not None and now - told_at < self._pause(key):
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > MAX_LINES:
            self._told.popitem(last=False)
        return True

    def forget(self, covers: Callable[[int], bool]) -> None:
        """Forget whom lines told of. covers: whether a member is meant."""
        for key in [key for key in self._told if covers(key[0])]:
            del self._told[key]

    def _pause(self, key: tuple[int, int]) -> float:
        return REPEAT_SECONDS if next(reversed(self._told)) == key else AFTER_ANOTHER_SECONDS
