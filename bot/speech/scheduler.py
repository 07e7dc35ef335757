"""Whose sentence the engine takes next: the one whose guild runs out of audio first."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import BusyError, EngineError
from bot.i18n import Translatable
from bot.operations.figures import SentenceFacts
from bot.speech.held import HeldPackets
from bot.speech.phrases import PhraseCache
from bot.speech.refusals import SHUTTING_DOWN, RecordingGoneError
from bot.speech.turn_order import decide
from bot.speech.turns import Due, Turn, rank_of
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult

MAX_WAITING = 256
"""Sentences that are asked for in their turn, up to 32 slots."""

MAX_WAITING_PER_SLOT = 8
"""Of more slots, more sentences may wait: what is made meanwhile is more, too."""

MAX_AHEAD = 64
"""Sentences that are asked for ahead and wait, of all guilds."""


_WEIGHT_OF_NEWEST = 0.25
"""In the moving average of what a sentence takes."""


class Synthesizer(Protocol):
    """Whatever turns requests into speech: the engine's client."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence."""


class FairScheduler:
    """Earliest deadline first, between guilds and within a guild.

    A guild that queues many texts has only its next sentence in the running, and that one is due
    when the guild's audio runs out, so another guild's first sentence, due at once, waits for no
    more than the sentence in flight. What is asked for ahead gets the slots that nobody needs; see
    `bot.speech.turn_order`.

    at_once: how many sentences may be in flight, as things stand; whoever knows that there are more
    of them calls `look`. company_slows: whether they then take longer each. withdraws: whether the
    synthesizer gives up a sentence under way whose caller is cancelled; by itself it is taken to
    where it has more than one. most_takes: how many takes of a sentence it makes, as things stand;
    by itself, one in each slot. on_sentence: hears of each that was made or failed; must not block
    or fail.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        *,
        max_waiting: int | None = None,
        at_once: Callable[[], int] = lambda: 1,
        company_slows: Callable[[], bool] = lambda: False,
        withdraws: Callable[[], bool] | None = None,
        most_takes: Callable[[], int] | None = None,
        held: HeldPackets | None = None,
        on_sentence: Callable[[SentenceFacts], None] = lambda facts: None,
    ) -> None:
        self._synthesizer = synthesizer
        self._on_sentence = on_sentence
        self.at_once, self._company_slows = at_once, company_slows
        self._withdraws = withdraws or (lambda: at_once() > 1)
        self._max_waiting, self._most_takes = max_waiting, most_takes
        self.held = held or HeldPackets()
        self._turns: list[Turn] = []  # waited for, or still in flight
        self._order = itertools.count()
        self._usual_seconds = 0.0  # that a sentence takes
        self._looking = self._closed = False

    @property
    def waiting(self) -> int:
        """How many sentences wait for their turn."""
        return sum(turn.task is None for turn in self._turns)

    @property
    def slots_taken(self) -> int:
        """How many of the synthesizer's slots are taken."""
        slots = self.at_once()
        return sum(turn.slots(slots) for turn in self._turns if turn.task is not None)

    def lane(self, guild_id: int, due: Due, ahead_seconds: float = math.inf) -> Lane:
        """Return what asks for sentences in a guild's name."""
        return Lane(self, guild_id, due, ahead_seconds)

    def texts_at_once(self) -> int:
        """Return how many texts of a guild may be begun before the first of them is made."""
        return self.at_once() if self.waiting < MAX_AHEAD else 1

    def room_ahead(self, guild_id: int, asked: int = 1) -> bool:
        """Whether a guild may ask for another sentence before its time.

        asked: how many it has asked for that nobody has taken yet, also those that are not here.
        """
        slots = self.at_once()
        own = sum(turn.slots(slots) for turn in self._turns if turn.guild_id == guild_id)
        waiting = sum(turn.ahead and turn.task is None for turn in self._turns)
        return slots > max(own, asked) and waiting < MAX_AHEAD and self.held.room(guild_id)

    def wait_seconds(self, guild_id: int, sentences: int) -> float:
        """Return how long it takes until so many more sentences of a guild are made; an estimate.

        From how long sentences took of late, and who else waits: the guilds take turns. 0 before
        anything was made.
        """
        guilds = {turn.guild_id for turn in self._turns if turn.waited_for} | {guild_id}
        return max(min(sentences, 1) * self._usual_seconds,
                   sentences * len(guilds) * self._seconds_each)  # fmt: skip

    @property
    def _most_waiting(self) -> int:
        if self._max_waiting is not None:
            return self._max_waiting
        return max(MAX_WAITING, MAX_WAITING_PER_SLOT * self.at_once())

    @property
    def _seconds_each(self) -> float:
        """How long a sentence keeps others from being made; an estimate."""
        return self._usual_seconds / max(1, self.at_once())

    async def synthesize(
        self,
        request: SynthesisRequest,
        *,
        guild_id: int,
        due: Due,
        ahead: bool = False,
        opening: bool = False,
    ) -> SynthesisResult:
        """Return what the synthesizer makes of `request` when its turn comes.

        ahead, opening: see `Turn`. A caller that is cancelled gives up its turn and its slot.

        Raises `BusyError` when too many sentences wait, `EngineError` after `close`,
        `RecordingGoneError` after `recording_gone`, and what the synthesizer raises.
        """
        if self._closed:
            raise EngineError(SHUTTING_DOWN)
        waiting = sum(turn.task is None and not turn.ahead for turn in self._turns)
        if not ahead and waiting >= self._most_waiting:
            raise BusyError(
                Translatable(
                    "Too many texts are waiting to be spoken. Try again in about {seconds} s.",
                    seconds=max(1, math.ceil(waiting * self._seconds_each)),
                )
            )
        alone = all(turn.guild_id != guild_id for turn in self._turns)
        opening, ahead = opening and alone, ahead or not alone
        asked = asyncio.get_running_loop().time()
        turn = Turn(
            request, guild_id, due, next(self._order), ahead, opening, asked,
            most_takes=self._most_takes,
        )  # fmt: skip
        turn.note_need()
        self._turns.append(turn)
        turn.result.add_done_callback(lambda _: self._end(turn))
        self.look()
        return await turn.result

    def recording_gone(self, clip_sha256: str) -> None:
        """Give up what is being made, or waits to be made, with a recording."""
        for turn in list(self._turns):
            if turn.request.voice.clip_sha256 == clip_sha256:
                _fail(turn, RecordingGoneError())

    async def close(self) -> None:
        """Refuse what comes and what waits, and drop what is in flight."""
        self._closed = True
        tasks = [turn.task for turn in self._turns if turn.task is not None]
        for turn in list(self._turns):
            _fail(turn, EngineError(SHUTTING_DOWN))
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def look(self) -> None:
        """Hand over what is due, soon; for when there is more room than before."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Hand over what is due first, as far as there is room."""
        self._looking = False
        if self._closed:
            return
        slots = self.at_once()
        soon = asyncio.get_running_loop().time() + self._usual_seconds
        decision = decide(self._turns, slots, company_slows=self._company_slows(), soon=soon)
        for turn in decision.begin:
            work = self._work(turn, rank_of(turn, self._turns))
            turn.task = asyncio.create_task(work, name="speech-scheduler")
            turn.task.add_done_callback(functools.partial(self._left, turn))
        # Where it is made to the end whoever gives it up, it would be made once more.
        for turn in decision.withdraw if self._withdraws() else ():
            assert turn.task is not None
            turn.yielding = True
            turn.task.cancel()

    async def _work(self, turn: Turn, rank: int) -> None:
        loop = asyncio.get_running_loop()
        start, fill = loop.time(), self.slots_taken / max(1, self.at_once())
        result: SynthesisResult | None = None
        try:
            request = dataclasses.replace(
                turn.request,
                rank=rank,
                guild_id=turn.guild_id,
                due_seconds=turn.due_since() - start,
            )
            (result,) = await self._synthesizer.synthesize([request])
        except Exception as error:
            _fail(turn, error)
        else:
            taken = loop.time() - start
            weight = _WEIGHT_OF_NEWEST if self._usual_seconds else 1.0
            self._usual_seconds += weight * (taken - self._usual_seconds)
            if turn.waited_for:
                turn.result.set_result(result)
        speech = result if isinstance(result, Speech) else None
        self._on_sentence(SentenceFacts(start - turn.asked, loop.time() - start, fill, speech))

    def _left(self, turn: Turn, _task: asyncio.Task[None]) -> None:
        turn.task, turn.yielding = None, False
        self._forget_if_done(turn)
        self.look()

    def _end(self, turn: Turn) -> None:
        """Let go of a turn that has its result, or that nobody waits for: a skipped text.

        Not of one in flight that is made to the end in any case: whoever took its place would be
        chosen too early, before somebody who has to be heard sooner.
        """
        if not turn.result.cancelled():
            turn.result.exception()  # or asyncio reports it as lost when the caller has gone
        if turn.task is not None and self._withdraws():
            turn.task.cancel()
        self._forget_if_done(turn)
        for other in self._turns:
            if other.guild_id == turn.guild_id and other.task is None and other.waited_for:
                other.note_need()
        self.look()

    def _forget_if_done(self, turn: Turn) -> None:
        if turn.task is None and not turn.waited_for:
            with contextlib.suppress(ValueError):
                self._turns.remove(turn)


@dataclass(frozen=True, slots=True)
class Lane:
    """One guild's way into the scheduler.

    due: when its audio runs out. ahead_seconds: how much audio may lie before a sentence that is
    asked for ahead. phrases: what was said before; None where each sentence is to be made anew.
    """

    scheduler: FairScheduler
    guild_id: int
    due: Due
    ahead_seconds: float = math.inf
    phrases: PhraseCache | None = None

    async def synthesize(
        self,
        request: SynthesisRequest,
        before: Callable[[], float] = lambda: 0.0,
        *,
        first: bool = False,
        ahead: bool = False,
    ) -> SynthesisResult:
        """Synthesize a sentence in its turn.

        before: seconds of speech that were asked for, are heard before it, and not taken yet.
        first: whether it is the first of a text. Raises what `FairScheduler.synthesize` raises.
        """
        make = functools.partial(
            self.scheduler.synthesize,
            request,
            guild_id=self.guild_id,
            due=lambda: self.due() + before(),
            ahead=ahead,
            opening=first and self.due() <= asyncio.get_running_loop().time(),
        )
        if self.phrases is None:
            return await make()
        return await self.phrases.spoken(request, make)

    def room_ahead(self, before: float, asked: int) -> bool:
        """Whether another sentence may be asked for, after `asked` others of `before` seconds."""
        lead = self.due() + before - asyncio.get_running_loop().time()
        return lead < self.ahead_seconds and self.scheduler.room_ahead(self.guild_id, asked)

    def hold(self, size: int) -> None:
        """Count bytes of packets that are kept for the guild; negative: no more."""
        self.scheduler.held.add(self.guild_id, size)


def _fail(turn: Turn, error: Exception) -> None:
    if turn.waited_for:
        turn.result.set_exception(error)
