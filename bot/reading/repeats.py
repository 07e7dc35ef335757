"""Messages that their author wrote just before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from bot.reading.message import ChatMessage

SECONDS_APART = 10.0
"""The same text is said again after so long, once the former was heard."""

SECONDS_WAITING = 120.0
"""The longest that a text is taken to wait, if nobody tells that it was heard."""

MAX_TEXTS = 200
"""Remembered in one guild."""


class Repeats:
    """The last texts of each member; times are in seconds."""

    def __init__(self) -> None:
        # Until when it is a repetition; by the member and a hash of the text.
        self._texts: OrderedDict[tuple[int, int], float] = OrderedDict()

    def is_repeated(self, member_id: int, text: str, now: float) -> bool:
        """Whether a member wrote the same just before; else remember it as waiting to be heard."""
        key = _key(member_id, text)
        if now < self._texts.get(key, 0.0):
            return True
        self._texts[key] = now + SECONDS_WAITING
        self._texts.move_to_end(key)
        if len(self._texts) > MAX_TEXTS:
            self._texts.popitem(last=False)
        return False

    def dropped(self, member_id: int, text: str) -> None:
        """Hear that a text was not heard, so that it may be written again."""
        self._texts.pop(_key(member_id, text), None)

    def heard(self, member_id: int, text: str, now: float) -> None:
        """Hear that a text waits no longer."""
        key = _key(member_id, text)
        if key in self._texts:
            self._texts[key] = min(self._texts[key], now + SECONDS_APART)

    def forget(self, covers: Callable[[int], bool]) -> None:
        """Forget what members wrote. covers: whether one is meant."""
        for key in [key for key in self._texts if covers(key[0])]:
            del self._texts[key]


def written(message: ChatMessage) -> str:
    """Return what a message has in common with one that repeats it; never empty."""
    rest = (message.attachments, message.stickers, message.poll, message.forwarded, message.embeds)
    return f"{message.content}\n{rest}"


def _key(member_id: int, text: str) -> tuple[int, int]:
    return member_id, hash(" ".join(text.split()).casefold())
