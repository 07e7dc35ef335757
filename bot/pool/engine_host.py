"""An engine in a process of its own that several bots ask: one thread works, any thread may ask.

The process is an actor's; the engine, and how it ends when it is not fit to work any more, are
those of the engine worker (`bot.speech.engine_worker`). Sentences join those under way.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from bot.errors import EngineDeadError, EngineError, MynahError
from bot.pool.clip_cache import ClipCache
from bot.pool.deadline_queue import ALL_SLOTS, DeadlineQueue, Entry
from bot.speech import engine_worker
from bot.speech.engine_worker import EngineOpener
from bot.speech.engines.base import Samples
from bot.speech.refusals import RECORDING_GONE, SHUTTING_DOWN
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult
from storage.clips import decode_content
from storage.errors import DamagedClipError

T = TypeVar("T")

STEP_SECONDS = 0.05
"""How long the engine works on before it looks for what is new."""

CLIP_CACHE_BYTES = 256 << 20

MOST_HELD = 65_536
"""Recordings of which it is remembered that the engine may have something; more than it keeps."""


class UnknownClipError(Exception):
    """The recording of this voice is not here; whoever asks sends it along."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    request: SynthesisRequest
    result: Future[SynthesisResult]


class EngineHost:
    """Loads an engine and speaks what it is asked for, by servers (`DeadlineQueue`).

    clip_bytes: bound of the recordings that are kept. clock: seconds, monotonic.
    """

    def __init__(
        self,
        open_engine: EngineOpener,
        spec: EngineSpec,
        *,
        clip_bytes: int = CLIP_CACHE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec, self._open_engine, self._clock = spec, open_engine, clock
        self.clips = ClipCache(clip_bytes)
        self._held: OrderedDict[str, None] = OrderedDict()  # clips that were spoken with
        self.loaded: Future[EngineInfo] = Future()
        self._tickets = itertools.count()
        self._queue = DeadlineQueue()
        self._sentences: dict[int, _Sentence] = {}
        self._chores: list[Callable[[], None]] = []
        self._withdrawn: list[int] = []
        self._changed = threading.Condition()
        self._closed = False
        self._moved = clock()  # when the thread last came round
        self._thread = threading.Thread(target=self._run, name="engine-host", daemon=True)

    def start(self) -> None:
        """Load the engine in the host's thread; `loaded` has what it is, or why it is not."""
        self._thread.start()

    def close(self) -> None:
        """Let the thread end after what the engine is at; what waits fails."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    @property
    def clones(self) -> bool:
        """Whether the engine needs a voice's clip; so as long as nobody knows."""
        loaded = self.loaded
        return not loaded.done() or loaded.exception() is not None or loaded.result().clones

    @property
    def idle_seconds(self) -> float:
        """How long the thread has not come round although there is something to do."""
        return self._clock() - self._moved if self._queue or self._chores else 0.0

    @property
    def sentences(self) -> int:
        """How many sentences wait or are under way."""
        return len(self._sentences)

    def speak(self, request: SynthesisRequest, clip: bytes | None) -> Future[SynthesisResult]:
        """Take a sentence on. Cancelling what is returned gives it up.

        clip: content of the voice's clip, where it comes along. Raises `UnknownClipError`,
        `BusyError`, and `EngineError` after `close`.
        """
        sha256 = request.voice.clip_sha256
        with self._changed:
            if self._closed:
                raise EngineError(SHUTTING_DOWN)
            if clip is not None:
                self.clips.put(sha256, clip)
            content = self.clips.get(sha256)
            if content is None and self.clones:
                raise UnknownClipError(sha256)
            if content is not None:
                self._hold(sha256)
            request = replace(request, voice=replace(request.voice, content=content))
            ticket = next(self._tickets)
            slots = ALL_SLOTS if request.alone else request.settings.takes or 1
            due = self._clock() + request.due_seconds
            self._queue.add(Entry(ticket, request.guild_id, due, request.rank, slots))
            result: Future[SynthesisResult] = Future()
            self._sentences[ticket] = _Sentence(request, result)
            result.add_done_callback(partial(self._left, ticket))
            self._changed.notify()
        return result

    def forget(self, clip_sha256: str) -> Future[None]:
        """Drop a clip and all that was prepared of it; sentences with it fail."""
        with self._changed:
            self.clips.forget(clip_sha256)
            self._held.pop(clip_sha256, None)
            having = [sentence for sentence in self._sentences.values()
                      if sentence.request.voice.clip_sha256 == clip_sha256]  # fmt: skip
        for sentence in having:
            _settle(sentence.result, EngineError(RECORDING_GONE))
        return self._do(partial(engine_worker.forget, clip_sha256))

    def forget_others(self) -> Future[None]:
        """Drop all clips that no sentence has that is here, and all that was prepared of them."""
        with self._changed:
            using = {each.request.voice.clip_sha256 for each in self._sentences.values()}
            others = [sha256 for sha256 in self._held if sha256 not in using]
            for sha256 in others:
                self.clips.forget(sha256)
                del self._held[sha256]

        def forget() -> None:
            for sha256 in others:
                engine_worker.forget(sha256)

        if others:
            return self._do(forget)
        nothing: Future[None] = Future()
        nothing.set_result(None)
        return nothing

    def embedding(self, content: bytes, clip_sha256: str) -> Future[Samples | None]:
        """Return how the speaker of a clip sounds; see `ComparingEngine`."""

        def compare() -> Samples | None:
            (heard,) = engine_worker.embeddings([decode_content(content, clip_sha256)])
            return None if heard is None else np.asarray(heard, np.float32)

        return self._do(compare)

    def _hold(self, sha256: str) -> None:
        self._held[sha256] = None
        self._held.move_to_end(sha256)
        if len(self._held) > MOST_HELD:
            self._held.popitem(last=False)

    def _do(self, chore: Callable[[], T]) -> Future[T]:
        """Let the engine's thread do something between two steps."""
        done: Future[T] = Future()

        def work() -> None:
            try:
                value = chore()
            except (MynahError, DamagedClipError) as error:
                done.set_exception(error)
            else:
                done.set_result(value)

        with self._changed:
            self._chores.append(work)
            self._changed.notify()
        return done

    def _left(self, ticket: int, _result: Future[SynthesisResult]) -> None:
        """Give up a sentence that has its result already, or that nobody waits for."""
        with self._changed:
            if self._sentences.pop(ticket, None) is not None and self._queue.remove(ticket):
                self._withdrawn.append(ticket)
            self._changed.notify()

    # The thread.

    def _run(self) -> None:
        try:
            info = engine_worker.load(self._open_engine, self._spec, walled=False)
        except MynahError as error:
            self.loaded.set_exception(error)
            return
        self.loaded.set_result(info)
        step = self._together if info.slots > 1 else self._alone
        while self._wait():
            for chore in self._take_chores():
                chore()
            self._settle(step(info.slots))
        self._end()

    def _wait(self) -> bool:
        """Wait for something to do; return whether the host is still open."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._chores or self._queue)
            self._moved = self._clock()
            return not self._closed

    def _take_chores(self) -> list[Callable[[], None]]:
        with self._changed:
            chores, self._chores = self._chores, []
        return chores

    def _together(self, slots: int) -> list[tuple[int, SynthesisResult]]:
        with self._changed:
            turns = self._queue.turns(slots)
            withdrawn, self._withdrawn = [*self._withdrawn, *turns.give_back], []
            new = [(ticket, self._sentences[ticket].request) for ticket in turns.begin]
            idle = not self._queue and not withdrawn
        return [] if idle else engine_worker.exchange(new, withdrawn, STEP_SECONDS)

    def _alone(self, _slots: int) -> list[tuple[int, SynthesisResult]]:
        with self._changed:
            self._withdrawn.clear()
            turns = self._queue.turns(1)
            new = [(ticket, self._sentences[ticket].request) for ticket in turns.begin]
        return [(ticket, engine_worker.synthesize([request])[0]) for ticket, request in new]

    def _settle(self, done: list[tuple[int, SynthesisResult]]) -> None:
        for ticket, result in done:
            with self._changed:
                sentence = self._sentences.pop(ticket, None)
                self._queue.remove(ticket)
            if sentence is not None:
                _settle(sentence.result, result)

    def _end(self) -> None:
        with self._changed:
            left = list(self._sentences.values())
        for sentence in left:
            _settle(sentence.result, EngineDeadError("The voice engine is shut down."))


def _settle(result: Future[SynthesisResult], value: SynthesisResult) -> None:
    if result.set_running_or_notify_cancel():
        result.set_result(value)
