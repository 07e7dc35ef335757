"""Whose upload the media worker takes next."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator

from bot.errors import BusyError
from bot.i18n import _

MAX_ADMITTED = 8
"""Recordings that are downloaded and looked at at a time; each may take 25 MB."""

HALF_LIFE = 300.0
"""Seconds after which half of the time that somebody has used is forgiven."""

MAX_REMEMBERED = 1000


class Turns:
    """One upload at a time is in work, and each owner has one at most.

    Of those who wait, the one goes first who has used the worker least of late, so that somebody
    who sends one long recording after another stands behind everybody else.
    """

    def __init__(self) -> None:
        self._admitted: set[int] = set()
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._used: OrderedDict[int, tuple[float, float]] = OrderedDict()  # seconds, as of when
        self._is_taken = False

    @contextlib.contextmanager
    def admit(self, owner: int) -> Iterator[None]:
        """Hold a place for an owner's upload from its download on.

        Raises `BusyError` if the owner has one in work already, or too many have.
        """
        if owner in self._admitted:
            raise BusyError(
                _("I am still listening to your last recording. Wait for its card first.")
            )
        if len(self._admitted) >= MAX_ADMITTED:
            raise BusyError(_("Many people are enrolling right now. Try again in a minute."))
        self._admitted.add(owner)
        try:
            yield
        finally:
            self._admitted.remove(owner)

    @contextlib.asynccontextmanager
    async def turn(self, owner: int | None) -> AsyncIterator[None]:
        """Wait until it is an owner's turn; None is nobody in particular and stands in front."""
        await self._wait(0.0 if owner is None else self._seconds_used(owner))
        begun = time.monotonic()
        try:
            yield
        finally:
            if owner is not None:
                self._remember(owner, time.monotonic() - begun)
            self._pass_on()

    def forget(self, covers: Callable[[int], bool]) -> None:
        """Forget how much was used. covers: whether an owner is meant."""
        for owner in [owner for owner in self._used if covers(owner)]:
            del self._used[owner]

    async def _wait(self, used: float) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        place = (used, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        try:
            await place[1]
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            else:  # it was its turn already
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        # Whoever was cancelled in this turn of the loop has not left yet.
        waiting = [place for place in self._waiting if not place[1].cancelled()]
        if not waiting:
            self._is_taken = False
            return
        first = min(waiting, key=lambda place: place[0])  # of equal ones the first to come
        self._waiting.remove(first)
        first[1].set_result(None)

    def _seconds_used(self, owner: int) -> float:
        seconds, when = self._used.get(owner, (0.0, 0.0))
        return float(seconds * 0.5 ** ((time.monotonic() - when) / HALF_LIFE))

    def _remember(self, owner: int, seconds: float) -> None:
        self._used[owner] = (self._seconds_used(owner) + seconds, time.monotonic())
        self._used.move_to_end(owner)
        if len(self._used) > MAX_REMEMBERED:
            self._used.popitem(last=False)
