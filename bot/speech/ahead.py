"""The sentences of one text: asked for before their time where there is room, taken in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.errors import MynahError
from bot.speech.duration import estimated_seconds
from bot.speech.refusals import RecordingGoneError
from bot.speech.scheduler import Lane
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult

BYTES_PER_SECOND = 9000
"""Of packets; see `bot.speech.opus`."""

Making = Callable[[str], Awaitable[SynthesisRequest]]
"""Makes the request for a sentence, with the voice as it is now; raises where it is gone."""


@dataclass(frozen=True, slots=True)
class Made:
    """A request and what became of it."""

    request: SynthesisRequest
    result: SynthesisResult

    @property
    def size(self) -> int:
        """Bytes of its packets."""
        speech = self.result
        return sum(map(len, speech.packets)) if isinstance(speech, Speech) else 0


class SentencesAhead:
    """Works through the sentences of a text for one guild's lane.

    What is asked for is withdrawn when the generator is closed: those that have not begun vanish,
    those that are being made give their slot back.
    """

    def __init__(
        self, lane: Lane, sentences: Sequence[str], make: Making, speed: float = 1.0
    ) -> None:
        """speed: how fast they are spoken; see `bot.speech.delivery.Delivery`."""
        self._lane, self._make, self._speed = lane, make, speed
        self._left = deque(sentences)
        self._asked: deque[_Asked] = deque()
        self._first = True

    async def spoken(self) -> AsyncGenerator[Made, None]:
        """Yield what was made of each sentence, in order.

        Raises what `make` and `Lane.synthesize` raise, when the sentence's turn comes.
        """
        try:
            while self._left or self._asked:
                self._ask()
                made = await self._taken(self._asked[0])
                if made is None:
                    await self._ask_anew()
                    continue
                self._asked.popleft().let_go()
                self._first = False
                yield made
        finally:
            await self._withdraw()

    async def _taken(self, asked: _Asked) -> Made | None:
        """Return what was made of a sentence, or None if its voice has changed since."""
        try:
            made = await asked.made()
        except RecordingGoneError:
            return None
        unchanged = not asked.ahead or await self._make(asked.sentence) == made.request
        return made if unchanged else None

    def _ask(self) -> None:
        """Ask for the next sentence, and for more where there is room."""
        while self._left and (not self._asked or self._has_room()):
            sentence = self._left.popleft()
            first, ahead = self._first and not self._asked, bool(self._asked)
            self._asked.append(_Asked(sentence, self._lane, self._speed, ahead=ahead))
            self._asked[-1].begin(self._make, self._before_of(self._asked[-1]), first=first)

    def _has_room(self) -> bool:
        before = sum(asked.seconds for asked in self._asked)
        return self._lane.room_ahead(before, len(self._asked))

    def _before_of(self, one: _Asked) -> Callable[[], float]:
        def before() -> float:
            seconds = 0.0
            for asked in self._asked:
                if asked is one:
                    break
                seconds += asked.seconds
            return seconds

        return before

    async def _ask_anew(self) -> None:
        self._left.extendleft(reversed([asked.sentence for asked in self._asked]))
        await self._withdraw()

    async def _withdraw(self) -> None:
        withdrawn, self._asked = self._asked, deque()
        for asked in withdrawn:
            asked.withdraw()
        for asked in withdrawn:
            await asked.ended()


class _Asked:
    """A sentence that was asked for and not taken yet. ahead: before its turn."""

    def __init__(self, sentence: str, lane: Lane, speed: float, *, ahead: bool) -> None:
        self.sentence, self.ahead = sentence, ahead
        self._lane = lane
        self._estimate = estimated_seconds(sentence) / speed
        self._held = 0
        self._gone = False
        self._task: asyncio.Task[Made]

    def begin(self, make: Making, before: Callable[[], float], *, first: bool) -> None:
        self._task = asyncio.create_task(self._make(make, before, first), name="sentence")
        self._hold(round(self._estimate * BYTES_PER_SECOND))
        self._task.add_done_callback(self._done)

    @property
    def seconds(self) -> float:
        """How long it lasts; an estimate until it is made."""
        made = self._result()
        return made.result.seconds if made and isinstance(made.result, Speech) else self._estimate

    async def made(self) -> Made:
        # Not `await self._task`: a skip would cancel it before those behind it, which would begin.
        await asyncio.wait([self._task])
        return self._task.result()

    def withdraw(self) -> None:
        self._task.cancel()
        self.let_go()

    def let_go(self) -> None:
        """Count its packets no more: somebody else has them, or nobody."""
        self._hold(0)
        self._gone = True

    async def ended(self) -> None:
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # or asyncio reports it as lost

    async def _make(self, make: Making, before: Callable[[], float], first: bool) -> Made:
        request = await make(self.sentence)
        result = await self._lane.synthesize(request, before, first=first, ahead=self.ahead)
        return Made(request, result)

    def _result(self) -> Made | None:
        done = self._task.done() and not self._task.cancelled()
        return self._task.result() if done and self._task.exception() is None else None

    def _done(self, _task: asyncio.Task[Made]) -> None:
        made = self._result()
        self._hold(made.size if made else 0)

    def _hold(self, size: int) -> None:
        if self._gone:
            return
        self._lane.hold(size - self._held)
        self._held = size


def result_of(made: Made) -> Speech:
    """Return the speech of a sentence; raises what went wrong with it."""
    if isinstance(made.result, MynahError):
        raise made.result
    return made.result
