"""An engine that is asked over a network, for the rule of `bot.pool.dispatcher`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.errors import MynahError
from bot.operations.vitals import DeviceReading
from bot.pool.placement import UNKNOWN, Cost, Facts, Work, alone_seconds
from bot.pool.replica import Replica
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.engines.base import to_error
from bot.speech.types import EngineInfo, SynthesisRequest, SynthesisResult
from bot.workers import WorkerDiedError

log = logging.getLogger(__name__)

USUAL_LETTERS = 40
"""Of a sentence, where only the number of them is told."""


class MemberLostError(WorkerDiedError):
    """The engine was lost, or cannot be reached, before the sentence was done."""


class RemoteMember(Protocol):
    """An engine that is asked over a network."""

    name: str

    @property
    def info(self) -> EngineInfo | None:
        """What it has loaded, if anything."""

    @property
    def node(self) -> str:
        """The machine that it is on; "" where that is not known."""

    @property
    def fault(self) -> str:
        """Why it is not asked; "" while it is, or is being begun."""

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""

    @property
    def sentences(self) -> int:
        """How many it had of all bots when it was asked last how it is."""

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        """Return the sentence. Raises `MemberLostError`."""


class RemoteSpeaker:
    """A `Speaker` over a member."""

    def __init__(self, member: RemoteMember) -> None:
        self._member, self.name = member, member.name
        self._under_way: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()  # nothing is under way
        self._idle.set()
        self._turn = asyncio.Lock()  # to begin; a sentence that is alone holds it to its end

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._member.ready

    @property
    def slots(self) -> int:
        """How many sentences it takes at once."""
        return self._member.info.slots if self._member.info is not None else 1

    @property
    def company_slows(self) -> bool:
        """Whether sentences that are worked on together take longer each."""
        return self._member.info is not None and self._member.info.company_slows

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        """Return what it makes of one request; see `Speaker`.

        alone: it shares the engine with no other sentence, of this bot or another.
        """
        (request,) = batch
        if alone:
            async with self._turn:
                await self._idle.wait()
                return [await self._spoken(dataclasses.replace(request, alone=True))]
        async with self._turn:
            pass  # what is alone ends before
        return [await self._spoken(request)]

    def lose(self) -> None:
        """Give up what it has: it answers no more."""
        now = asyncio.get_running_loop().time()
        for bound in self._under_way:
            if not bound.expired():
                bound.reschedule(now)

    async def _spoken(self, request: SynthesisRequest) -> SynthesisResult:
        if not self.ready:
            raise EngineNotLoadedError(f"The engine {self.name} cannot be asked.")
        bound = asyncio.timeout(None)
        self._under_way.add(bound)
        self._idle.clear()
        try:
            async with bound:
                return await self._result(request)
        except TimeoutError:
            raise MemberLostError(f"The engine {self.name} answers no more.") from None
        finally:
            self._under_way.discard(bound)
            if not self._under_way:
                self._idle.set()

    async def _result(self, request: SynthesisRequest) -> SynthesisResult:
        try:
            return await self._member.speak(request)
        except MemberLostError as error:
            log.warning("a sentence goes to another engine: %s", error)
            raise
        except MynahError as error:
            return error
        except Exception as error:
            return to_error(error)


class RemoteReplica(Replica):
    """A member with what this bot knows of it."""

    member: RemoteSpeaker

    def __init__(self, member: RemoteMember, clock: Callable[[], float]) -> None:
        super().__init__(RemoteSpeaker(member), clock, shared=True)
        self.remote = member
        self._others = 0

    def look(self) -> None:
        """Take note of what was heard of it last: how many sentences it has of other bots."""
        self._others = max(0, self.remote.sentences - len(self._given))
        if not self.fit:
            self.lose()

    def facts(self) -> Facts:
        """Return how it is just now, with what it has of other bots.

        When a sentence ends is told by how many this bot gave, not by when it was expected to: an
        engine that is late, because others ask it, too, would seem to be free.
        """
        facts = super().facts()
        each = alone_seconds(facts.speed or UNKNOWN, Cost(USUAL_LETTERS, ""))
        rounds = (number // facts.slots + 1 for number in range(facts.taken))
        work = [Work(each * of) for of in rounds]
        return dataclasses.replace(facts, work=work, others=self._others)

    def reading(self) -> DeviceReading:
        """Return how it stands, and on which machine; working is what this bot gave it."""
        return dataclasses.replace(super().reading(), machine=self.remote.node)

    def lose(self) -> None:
        """Give up what it has: it answers no more, and may come back as another process."""
        self.member.lose()
        self.begin_anew()
