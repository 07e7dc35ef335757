"""One server in simulated time: the bot's own queue, fetcher, playback and outlet; who talks."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from benchmarks.simulation.load import Load, geometric
from bot.errors import BusyError
from bot.operations.figures import UtteranceFacts
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import PACKET_SECONDS, Speech, VoiceReference
from bot.text.plan import TextLimits
from bot.voice.fetcher import Lead
from bot.voice.limits import VoiceLimits
from bot.voice.outlet import SILENCE, Outlet, Step
from bot.voice.playback import Playback
from bot.voice.track import Track, TrackEvent
from bot.voice.utterances import Due, Item, SayRequest, UtteranceEnd

PACKETS_AT_ONCE = 5
"""The simulated pacer looks at an outlet every 100 ms; the first packet goes out at once."""

LIMITS = VoiceLimits()


class SimulatedPacer:
    """Stands in for the pacer's thread: moves the real outlets on, in simulated time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def outlet(self, sink: Sink) -> Outlet:
        """Return a new place in the schedule that sends to `sink`."""
        return Outlet(sink, self._notify, self._wake)

    def _notify(self, track: Track, event: TrackEvent) -> None:
        self._loop.call_soon(track.on_event, event)

    def _wake(self, outlet: Outlet) -> None:
        if not outlet.scheduled:
            outlet.scheduled = True
            self._loop.call_soon(self._turn, outlet)

    def _turn(self, outlet: Outlet) -> None:
        for _ in range(PACKETS_AT_ONCE):
            if outlet.step() is Step.IDLE:
                outlet.scheduled = False
                return
        self._loop.call_later(PACKETS_AT_ONCE * PACKET_SECONDS, self._turn, outlet)


@dataclass(slots=True)
class Sink:
    """A voice connection that counts. It stands in for the keeper's link, too."""

    speech: int = 0  # packets
    silence: int = 0

    def ready(self) -> bool:
        """Always."""
        return True

    def send(self, packet: bytes) -> None:
        """Count a packet."""
        if packet is SILENCE:
            self.silence += 1
        else:
            self.speech += 1

    def speaking(self, on: bool) -> None:
        """Nobody watches."""


@dataclass(slots=True)
class _Keeper:
    """The part of a `ConnectionKeeper` that a playback over a good connection touches."""

    link: Sink


@dataclass(frozen=True, slots=True)
class Text:
    """What became of a text. opening: whether its server was silent when it came."""

    opening: bool
    at: float
    facts: UtteranceFacts


@dataclass(slots=True)
class Heard:
    """What one server has asked for and heard.

    refused: texts that its queue did not take. waiting: those that found silence and have not ended
    yet, with when they came.
    """

    asked: int = 0
    refused: int = 0
    texts: list[Text] = field(default_factory=list)
    waiting: dict[Item, float] = field(default_factory=dict)

    def waited(self, now: float) -> list[float]:
        """Return the seconds that texts which found silence have waited, and still do."""
        return [now - at for item, at in self.waiting.items() if item.track.sent == 0]


class Server:
    """A server whose members talk. busy: always; else in bursts."""

    def __init__(
        self, number: int, pacer: SimulatedPacer, scheduler: FairScheduler, load: Load, seed: int
    ) -> None:
        self.sink, self.heard = Sink(), Heard()
        self._number, self._scheduler, self._load = number, scheduler, load
        self._dice = random.Random(f"{seed} {number}")
        lead = Lead(LIMITS.prefetch_seconds, scheduler.texts_at_once, wait=scheduler.wait_seconds)
        self._playback = Playback(
            number, cast(Any, _Keeper(self.sink)), cast(Any, pacer), LIMITS, lead
        )

    async def talk(self, *, busy: bool) -> None:
        """Talk for ever; as somebody who has been at it for long."""
        await (self._talk_always() if busy else self._talk_in_bursts())

    async def _talk_always(self) -> None:
        said: deque[Item] = deque()
        while True:
            while len(said) < 2 and (item := self.say(len(said))) is not None:
                said.append(item)
            ended = said.popleft().ended if said else None
            if ended is not None:
                await asyncio.wait(
                    [ended]
                )  # not `await ended`: who ends the talk would end it, too
            if ended is None or ended.result() is not UtteranceEnd.PLAYED:
                await self._pause(self._load.gap_seconds)  # it was refused

    async def _talk_in_bursts(self) -> None:
        bursting = self._dice.random() < self._load.burst_share
        while True:
            if not bursting:
                await self._pause(self._load.quiet_seconds)
            bursting = False
            members = self._dice.sample(range(self._load.members), self._load.speakers)
            for _ in range(geometric(self._dice, self._load.texts)):
                self.say(self._dice.choice(members))
                await self._pause(self._load.gap_seconds)

    async def _pause(self, mean: float) -> None:
        await asyncio.sleep(self._dice.expovariate(1 / mean))

    def say(self, member: int) -> Item | None:
        """Ask for a text in a member's voice; None where the queue has no room."""
        queue, sentences = self._playback.queue, self._load.text(self._dice)
        self.heard.asked += 1
        utterance = Utterance(
            "", voice_of(self._number, member), guild_id=self._number, sentences=sentences
        )
        speak = cast("Callable[[Due], Any]", partial(self._speak, utterance))
        request = SayRequest(member, 0, "Ada", " ".join(sentences), len(sentences), speak)
        try:
            queue.check_room(request.rank, member)
        except BusyError:
            self.heard.refused += 1
            return None
        opening, now = not len(queue), asyncio.get_running_loop().time()
        item = self._playback.add(request)
        if opening:
            self.heard.waiting[item] = now
        item.ended.add_done_callback(lambda end: self._note(item, opening, now))
        return item

    async def _speak(self, utterance: Utterance, due: Due) -> AsyncGenerator[Speech, None]:
        lane = self._scheduler.lane(self._number, due, LIMITS.prefetch_seconds)
        async with aclosing(SpeechService(lane, TextLimits()).speak(utterance)) as speeches:
            async for speech in speeches:
                yield speech

    def stop(self) -> None:
        """Forget all that waits, as /stop does."""
        self._playback.finish_all(UtteranceEnd.STOPPED)

    def _note(self, item: Item, opening: bool, at: float) -> None:
        self.heard.waiting.pop(item, None)
        end = item.ended.result().name if not item.ended.cancelled() else "CANCELLED"
        facts = item.stages.facts(self._number, item.request.rank.name, end)
        self.heard.texts.append(Text(opening, at, facts))


@lru_cache(maxsize=100_000)
def voice_of(server: int, member: int) -> VoiceReference:
    """Return a member's voice."""
    return VoiceReference(Path("clip"), hashlib.sha256(b"%d %d" % (server, member)).hexdigest())
