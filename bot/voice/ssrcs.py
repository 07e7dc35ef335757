"""Whose packets are whose: the SSRC of each user in a call, as the voice server announces it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#voice
_READY, _SPEAKING, _CLIENT_CONNECT, _CLIENT_DISCONNECT = 2, 5, 12, 13

_MAX_USERS = 2_000

log = structlog.get_logger(__name__)


class Ssrcs:
    """Kept from the first message of a connection on, because a client announces itself once.

    Its `hear` is the hook that discord.py calls with every JSON message of a voice websocket.
    """

    def __init__(self) -> None:
        self._of_user: dict[int, int] = {}

    def of(self, user_id: int) -> int | None:
        """Return a user's SSRC, or None before it is known."""
        return self._of_user.get(user_id)

    def known(self, ssrc: int) -> bool:
        """Whether it is anybody's."""
        return ssrc in self._of_user.values()

    async def hear(self, websocket: Any, message: Mapping[str, Any]) -> None:
        """Take a message of the voice websocket; never raises, which would end the connection."""
        try:
            self._take(message["op"], message["d"])
        except (KeyError, TypeError, ValueError) as error:
            log.debug("voice message not understood", stage="voice", error=repr(error))

    def _take(self, op: int, data: Mapping[str, Any]) -> None:
        if op == _READY:
            self._of_user.clear()  # another connection, in which everybody is announced anew
        elif op == _SPEAKING:
            self._learn(int(data["user_id"]), int(data["ssrc"]))
        elif op == _CLIENT_CONNECT:
            self._learn(int(data["user_id"]), int(data["audio_ssrc"]))
        elif op == _CLIENT_DISCONNECT:
            self._of_user.pop(int(data["user_id"]), None)

    def _learn(self, user_id: int, ssrc: int) -> None:
        if not ssrc:  # a client that sends no sound
            return
        # An SSRC belongs to one user: whoever had it before has left, or has another by now.
        former = [user for user, known in self._of_user.items() if known == ssrc]
        for user in [user_id, *former]:
            self._of_user.pop(user, None)
        self._of_user[user_id] = ssrc
        if len(self._of_user) > _MAX_USERS:
            del self._of_user[next(iter(self._of_user))]
