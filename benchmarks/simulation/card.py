"""A graphics card that speaks by continuous batching, as a cost model.

Two kinds of work share the card: T3's decoder, which does a step for all sentences that hold a
slot, and the last stage (S3Gen and HiFT), which takes one sentence after another in a thread of its
own. A voice that was not used of late is prepared first, and nothing is decoded meanwhile: so does
`bot.speech.engines.chatterbox.batch`.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.speech.types import PACKET_SECONDS, Speech, SynthesisRequest, SynthesisResult

TOKENS_PER_SECOND = 25  # speech tokens in a second of audio
PACKET = bytes(180)  # about 9 KB a second
_INSTANT = 1e-9  # seconds; below is rounding

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CardCosts:
    """What a card takes; the defaults are those of docs/performance.md, measured on an H200.

    slots: sentences that are decoded together. step_seconds: of a step of decoding, by slots taken:
    from the tokens a second that were measured with 1, 4 and 8 texts, begin of the texts included.
    last_stage_seconds: of a sentence, by its speech tokens: S3Gen and HiFT as CUDA graphs, beside a
    prompt of 10 s. finish_seconds: watermark and Opus, on the processor.
    prepare_seconds: of a voice; ASSUMED, not measured on a card. voices: that are kept: 256 MB of
    0.5 MB each. shares: whether decoding and the last stage slow each other to half while both are
    at work; ASSUMED, on the safe side.
    """

    slots: int = 8
    step_seconds: Points = ((1, 1 / 326.36), (4, 4 / 1063.48), (8, 8 / 1871.47))
    last_stage_seconds: Points = ((38, 0.2086), (155, 0.2408), (300, 0.3351))
    finish_seconds: float = 0.03
    prepare_seconds: float = 0.15
    voices: int = 512
    shares: bool = True

    def step(self, taken: int) -> float:
        """Return the seconds of a step with so many slots taken."""
        return between(self.step_seconds, taken)

    def last_stage(self, tokens: float) -> float:
        """Return the seconds that the last stage takes for so many tokens."""
        return between(self.last_stage_seconds, tokens)


def between(points: Points, x: float) -> float:
    """Return y at `x` on the line through points; beyond the ends, on the last pieces of it."""
    (x0, y0), (x1, y1) = next(
        (pair for pair in pairwise(points) if x <= pair[1][0]), (points[-2], points[-1])
    )
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


@dataclass(eq=False, slots=True)
class _Job:
    request: SynthesisRequest
    tokens: int
    left: float  # of tokens, then of seconds of the last stage
    preparing: float | None = None  # seconds that its voice took
    sounding_since: float = 0.0
    sounding: float = 0.0  # seconds that the last stage took
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Card:
    """One engine; a member of the pool. busy_seconds: with anything to do.

    prepared, kept: sentences whose voice had to be prepared, and whose voice was there. voices:
    those that are there, by the hash of their clip, the least recently used first.
    """

    def __init__(self, costs: CardCosts | None = None) -> None:
        self.costs = costs or CardCosts()
        self.busy_seconds = 0.0
        self.prepared = self.kept = 0
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[_Job] = deque()
        self._preparing: tuple[_Job, float] | None = None  # with the seconds that are left
        self._decoding: list[_Job] = []
        self._sounding: deque[_Job] = deque()
        self.voices: OrderedDict[str, None] = OrderedDict()

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one speech per request; what is cancelled gives its slot back at once."""
        return [await self._speak(request) for request in batch]

    async def _speak(self, request: SynthesisRequest) -> Speech:
        start, tokens = self._loop.time(), spoken_tokens(request.text)
        job = _Job(request, tokens, tokens)
        self._advance()
        self._waiting.append(job)
        self._go_on()
        try:
            await job.done
        except asyncio.CancelledError:
            self._advance()
            self._drop(job)
            self._go_on()
            raise
        await asyncio.sleep(self.costs.finish_seconds)
        return _speech(job, self._loop.time() - start)

    def _drop(self, job: _Job) -> None:
        if self._preparing is not None and self._preparing[0] is job:
            self._preparing = None
        for place in (self._waiting, self._decoding, self._sounding):
            if job in place:
                place.remove(job)

    def _share(self) -> float:
        """How much of its speed either kind of work has."""
        both = bool(self._decoding or self._preparing) and bool(self._sounding)
        return 0.5 if both and self.costs.shares else 1.0

    def _advance(self) -> None:
        """Count what was done since the last look."""
        now = self._loop.time()
        passed, self._since = now - self._since, now
        if not (self._preparing or self._decoding or self._sounding):
            return
        self.busy_seconds += passed
        worked = passed * self._share()
        if self._sounding:
            self._sounding[0].left -= worked
        if self._preparing is not None:
            job, left = self._preparing
            self._preparing = job, left - worked
        elif self._decoding:
            tokens = worked / self.costs.step(len(self._decoding))
            for job in self._decoding:
                job.left -= tokens

    def _go_on(self) -> None:
        """Move what is done to its next stage, and come back when something else is."""
        self._finish_stages()
        self._admit()
        if self._timer is not None:
            self._timer.cancel()
        seconds = self._next()
        self._timer = None if math.isinf(seconds) else self._loop.call_later(seconds, self._tick)

    def _tick(self) -> None:
        self._advance()
        self._go_on()

    def _next(self) -> float:
        """Return the seconds until a stage of some sentence ends."""
        ends = [self._sounding[0].left] if self._sounding else []
        if self._preparing is not None:
            ends.append(self._preparing[1])
        elif self._decoding:
            fewest = min(job.left for job in self._decoding)
            ends.append(fewest * self.costs.step(len(self._decoding)))
        return max(0.0, min(ends, default=math.inf)) / self._share()

    def _finish_stages(self) -> None:
        if self._preparing is not None and self._preparing[1] <= _INSTANT:
            self._decoding.append(self._preparing[0])
            self._preparing = None
        for job in [job for job in self._decoding if job.left <= _INSTANT / self.costs.step(1)]:
            self._decoding.remove(job)
            job.left = self.costs.last_stage(job.tokens)
            self._queue_up(job)
        if self._sounding and self._sounding[0].left <= _INSTANT:
            job = self._sounding.popleft()
            job.sounding = self._since - job.sounding_since
            if self._sounding:
                self._sounding[0].sounding_since = self._since
            if not job.done.done():
                job.done.set_result(None)

    def _queue_up(self, job: _Job) -> None:
        """Let it wait for the last stage: what is heard first goes first, the one at work stays."""
        job.sounding_since = self._since  # if nothing else is there
        at_work, waiting = list(self._sounding)[:1], list(self._sounding)[1:]
        waiting = sorted([*waiting, job], key=lambda each: each.request.rank)
        self._sounding = deque(at_work + waiting)

    def _admit(self) -> None:
        while self._waiting and self._preparing is None and len(self._decoding) < self.costs.slots:
            job = self._waiting.popleft()
            if self._has_voice(job.request.voice.clip_sha256):
                self._decoding.append(job)
            else:
                job.preparing = self.costs.prepare_seconds
                self._preparing = job, job.preparing

    def _has_voice(self, clip_sha256: str) -> bool:
        """Whether a voice was there; it is from now on, and the least recently used one goes."""
        there = clip_sha256 in self.voices
        self.kept, self.prepared = self.kept + there, self.prepared + (not there)
        self.voices[clip_sha256] = None
        self.voices.move_to_end(clip_sha256)
        if len(self.voices) > self.costs.voices:
            self.voices.popitem(last=False)
        return there


def spoken_tokens(text: str) -> int:
    """Return how many speech tokens a text becomes: 14 letters a second, more or less by the text.

    The more or less is 0.8 to 1.2 times, drawn from the text, so that all cards agree.
    """
    times = 0.8 + 0.4 * (zlib.crc32(text.encode()) % 1009) / 1008
    return max(10, round(len(text) / 14 * TOKENS_PER_SECOND * times))


def _speech(job: _Job, took: float) -> Speech:
    seconds = job.tokens / TOKENS_PER_SECOND
    packets = (PACKET,) * round(seconds / PACKET_SECONDS)
    timings = {"synthesis": took - (job.preparing or 0.0), "vocode": job.sounding}
    if job.preparing is not None:
        timings["conditionals"] = job.preparing
    return Speech(packets, seconds, timings)
