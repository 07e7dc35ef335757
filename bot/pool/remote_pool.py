"""Sentences among engines that come and go: where each goes, and where it goes when one is lost.

Knows no Ray: the members are whatever can be asked for a sentence. On one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import MynahError
from bot.pool.placement import Cost, Facts, Work, choose, expected_seconds
from bot.pool.speed import SpeedMeter
from bot.speech.engine_client import lost_twice
from bot.speech.engines.base import to_error
from bot.speech.types import EngineInfo, Speech, SynthesisRequest, SynthesisResult
from bot.text.sentences import letters

log = logging.getLogger(__name__)

MOST_LOSSES = 2
"""Engines that may be lost over a sentence before it is given up."""


class MemberLostError(MynahError):
    """The engine was lost, or cannot be reached, before the sentence was done."""


class RemoteMember(Protocol):
    """An engine that is asked over a network."""

    name: str

    @property
    def info(self) -> EngineInfo | None:
        """What it has loaded, if anything."""

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""

    @property
    def knows(self) -> Container[str]:
        """Hashes of the clips that it was sent."""

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        """Return the sentence. Raises `MemberLostError`."""


@dataclass(eq=False)
class _Sentence:
    """losses: engines that were lost over it; from the first one on it is spoken alone."""

    ticket: int
    request: SynthesisRequest
    cost: Cost
    losses: int = 0
    place: _Place | None = None
    task: asyncio.Task[None] | None = None
    ends: float = 0.0


@dataclass(eq=False)
class _Place:
    """A member and what it was given."""

    member: RemoteMember
    meter: SpeedMeter = field(default_factory=SpeedMeter)
    sentences: list[_Sentence] = field(default_factory=list)

    def facts(self, now: float) -> Facts:
        info = self.member.info
        assert info is not None
        return Facts(
            self.member.name,
            info.slots,
            [Work(max(0.0, each.ends - now), each.cost.slots) for each in self.sentences],
            self.meter.speed,
            self.member.knows,
            company_slows=info.company_slows,
        )

    @property
    def shared(self) -> bool:
        """Whether more may be given to it: nothing that an engine was lost over is there."""
        return self.member.ready and not any(each.losses for each in self.sentences)


class RemotePool:
    """on_done: takes a ticket and what became of it; called on the loop."""

    def __init__(self, on_done: Callable[[int, SynthesisResult], None]) -> None:
        self._on_done = on_done
        self._places: dict[str, _Place] = {}
        self._sentences: dict[int, _Sentence] = {}

    @property
    def members(self) -> list[RemoteMember]:
        """All members, whether they can be asked or not."""
        return [place.member for place in self._places.values()]

    def __len__(self) -> int:
        return len(self._sentences)

    def add(self, member: RemoteMember) -> None:
        """Take a member in; what waits may go to it."""
        self._places[member.name] = _Place(member)

    def remove(self, name: str) -> None:
        """Let go of a member that is no more; what it had goes to others."""
        place = self._places.pop(name, None)
        if place is not None:
            self._move(place)

    def look(self) -> None:
        """Act on what changed of the members: move what is lost, place what waits."""
        for place in self._places.values():
            if not place.member.ready:
                self._move(place)
        self._place_all()

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take a sentence on."""
        takes = request.settings.takes or 1
        cost = Cost(letters(request.text), request.voice.clip_sha256, takes)
        self._sentences[ticket] = _Sentence(ticket, request, cost)
        self._place_all()

    def withdraw(self, ticket: int) -> None:
        """Give a sentence up, also in the engine that has it."""
        sentence = self._sentences.pop(ticket, None)
        if sentence is not None:
            self._take_back(sentence)
            self._place_all()

    async def close(self) -> None:
        """Give everything up."""
        tasks = [each.task for each in self._sentences.values() if each.task is not None]
        for ticket in list(self._sentences):
            self.withdraw(ticket)
        if tasks:
            await asyncio.wait(tasks)

    def _move(self, place: _Place) -> None:
        for sentence in list(place.sentences):
            self._take_back(sentence)
            self._lose(sentence)

    def _take_back(self, sentence: _Sentence) -> None:
        if sentence.place is not None:
            sentence.place.sentences.remove(sentence)
        if sentence.task is not None:
            sentence.task.cancel()
        sentence.place = sentence.task = None

    def _lose(self, sentence: _Sentence) -> None:
        sentence.losses += 1
        if sentence.losses >= MOST_LOSSES:
            self._settle(sentence, lost_twice())

    def _settle(self, sentence: _Sentence, result: SynthesisResult) -> None:
        if self._sentences.pop(sentence.ticket, None) is not None:
            self._on_done(sentence.ticket, result)

    def _place_all(self) -> None:
        waiting = [each for each in self._sentences.values() if each.place is None]
        # What an engine was lost over takes an idle one, so these come first.
        for sentence in sorted(waiting, key=lambda each: not each.losses):
            self._place(sentence)

    def _place(self, sentence: _Sentence) -> None:
        now = asyncio.get_running_loop().time()
        open_to = [place for place in self._places.values() if place.shared]
        if sentence.losses:
            open_to = [place for place in open_to if not place.sentences]
        else:
            open_to = self._without_reserved(open_to)
        chosen = choose([place.facts(now) for place in open_to], sentence.cost)
        if chosen is None:
            return
        place = self._places[chosen.name]
        sentence.place = place
        sentence.ends = now + expected_seconds(chosen, sentence.cost)
        place.sentences.append(sentence)
        work = self._speak(sentence, place)
        sentence.task = asyncio.create_task(work, name="remote-sentence")

    def _without_reserved(self, places: list[_Place]) -> list[_Place]:
        """Leave the one with least to do alone while something waits for an idle one."""
        lost = any(each.losses and each.place is None for each in self._sentences.values())
        if not lost or not places:
            return places
        least = min(places, key=lambda place: len(place.sentences))
        return [place for place in places if place is not least]

    async def _speak(self, sentence: _Sentence, place: _Place) -> None:
        loop = asyncio.get_running_loop()
        begun, alone = loop.time(), not place.sentences[1:]
        try:
            result = await place.member.speak(sentence.request)
        except MemberLostError as error:
            log.warning("a sentence goes to another engine: %s", error)
            place.sentences.remove(sentence)
            sentence.place = sentence.task = None
            self._lose(sentence)
        except MynahError as error:
            self._finish(sentence, place, error)
        except Exception as error:
            self._finish(sentence, place, to_error(error))
        else:
            if isinstance(result, Speech):
                _measure(place.meter, sentence.cost, result, loop.time() - begun if alone else None)
            self._finish(sentence, place, result)
        self._place_all()

    def _finish(self, sentence: _Sentence, place: _Place, result: SynthesisResult) -> None:
        place.sentences.remove(sentence)
        self._settle(sentence, result)


def _measure(meter: SpeedMeter, cost: Cost, speech: Speech, alone_seconds: float | None) -> None:
    """Take note of what the engine says it needed; of the clock where it was alone."""
    preparing = speech.timings.get("conditionals")
    worked = sum(speech.timings.values()) - (preparing or 0.0)
    meter.note(cost.letters, worked or alone_seconds or 0.0, preparing)
