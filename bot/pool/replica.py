"""An engine of a pool: what it was given, how quick it was, what it has prepared."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.condition import Condition
from bot.errors import EngineDeadError
from bot.operations.vitals import DeviceReading
from bot.pool.member import Member, Speaker
from bot.pool.placement import Cost, Facts, Speed, Work, expected_seconds
from bot.pool.speed import SpeedMeter
from bot.speech.load_progress import OnProgress
from bot.speech.types import EngineInfo, Speech, SynthesisRequest, SynthesisResult
from bot.workers import WorkerDiedError, WorkerTimeoutError

MAX_PREPARED = 1024
"""Voices of which it is remembered that a member has prepared them; about half a gigabyte."""


@dataclass(eq=False)
class _Given:
    """A sentence that the member has. ends: when that is expected, in seconds of the clock."""

    slots: int
    ends: float


class Replica:
    """An engine, with what the pool knows of it.

    shared: whether others ask it, too, and it keeps what waits for a slot. Then what it says that
    it worked is how quick it is; by the clock it would have been at work on their sentences.
    refused: why it is given nothing for good; "" where it may be given something.
    reserved: whether it speaks a sentence that shares it with nobody.
    spoken, speech_seconds: sentences that it made, and how long they last. clock: monotonic.
    """

    def __init__(
        self,
        member: Speaker,
        clock: Callable[[], float] = time.monotonic,
        *,
        shared: bool = False,
    ) -> None:
        self.member, self.name = member, member.name
        self.refused = ""
        self.reserved = False
        self.spoken, self.speech_seconds = 0, 0.0
        self._clock, self._shared = clock, shared
        self._given: set[_Given] = set()
        self._prepared: OrderedDict[str, None] = OrderedDict()
        self._meter = SpeedMeter()

    @property
    def fit(self) -> bool:
        """Whether it can be given a sentence."""
        return self.member.ready and not self.refused

    @property
    def speed(self) -> Speed | None:
        """What it was measured to need; None before it has spoken."""
        return self._meter.speed

    @property
    def takes_one(self) -> bool:
        """Whether a sentence that it is lost over was the only one that it had."""
        return self.member.slots == 1 and not self._shared

    @property
    def taken(self) -> int:
        """Slots that are taken or asked for."""
        # Copied at once: a reading may be asked for on another thread than the sentences' own.
        return sum(given.slots for given in tuple(self._given))

    def facts(self) -> Facts:
        """Return how it is just now; not fit while it is reserved."""
        now, member = self._clock(), self.member
        return Facts(
            self.name,
            member.slots,
            [Work(max(0.0, given.ends - now), given.slots) for given in self._given],
            self.speed,
            self._prepared,
            self.fit and not self.reserved,
            member.company_slows and member.slots > 1,
        )

    def reading(self) -> DeviceReading:
        """Return how it stands, for figures and `mynah status`."""
        speed = self.speed
        return DeviceReading(
            self.name,
            self.fit,
            self.member.slots,
            self.taken,
            self.spoken,
            round(self.speech_seconds, 2),
            round(1 / speed.per_letter, 1) if speed is not None and speed.per_letter else None,
        )

    def forget(self, clip_sha256: str) -> None:
        """Take note that a voice is not prepared there any more."""
        self._prepared.pop(clip_sha256, None)

    def begin_anew(self) -> None:
        """Take note that it is another process: nothing is prepared there."""
        self._prepared.clear()

    async def speak(self, request: SynthesisRequest, cost: Cost, *, alone: bool) -> SynthesisResult:
        """Have the member speak a sentence, once. Raises what `Speaker.try_once` raises."""
        facts, begun = self.facts(), self._clock()
        slots = min(cost.slots, facts.slots)
        given = _Given(slots, begun + expected_seconds(facts, cost))
        at_once = facts.taken + slots <= facts.slots
        self._given.add(given)
        self._expect(cost.voice)
        try:
            (result,) = await self.member.try_once([request], alone=alone)
        except (WorkerDiedError, WorkerTimeoutError):
            self.begin_anew()
            raise
        finally:
            self._given.discard(given)
        if isinstance(result, Speech):
            company = (facts.taken + self.taken) / 2 + 1 if facts.company_slows else 1.0
            self._note(cost, result, self._clock() - begun if at_once else None, company)
        return result

    def _expect(self, voice: str) -> None:
        self._prepared[voice] = None
        self._prepared.move_to_end(voice)
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)

    def _note(self, cost: Cost, speech: Speech, seconds: float | None, company: float) -> None:
        """Count a sentence.

        seconds: that it took; None where it waited for a slot. company: that shared the speed.
        """
        self.spoken += 1
        self.speech_seconds += speech.seconds
        if self._shared:
            seconds = sum(speech.timings.values()) or seconds
        if seconds is not None:
            preparing = speech.timings.get("conditionals")
            working = max(0.0, seconds - (preparing or 0.0)) / company
            self._meter.note(cost.letters, working, preparing, speech.timings.get("vocode"))


class DeviceReplica(Replica):
    """One that the pool also loads."""

    member: Member

    def __init__(self, member: Member, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(member, clock)

    def condition(self) -> Condition:
        """Return how it is; refused, it fails until the configuration is changed."""
        if self.refused:
            return Condition("failing", self.refused, last_error=self.refused)
        return self.member.condition()

    async def probe(
        self, request: SynthesisRequest, on_progress: OnProgress | None = None
    ) -> tuple[EngineInfo, SynthesisResult]:
        """Return what this member is and what it makes of a sentence.

        Raises `EngineDeadError` when it cannot be loaded, and what `Member.try_once` raises.
        """
        info = await self.member.start(on_progress)
        if self.refused:
            raise EngineDeadError(self.refused)
        (result,) = await self.member.try_once([request])
        return info, result
