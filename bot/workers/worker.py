"""One child process that runs one call at a time, and is replaced when it dies.

The bot process must never stutter, so decoding, analysis and synthesis run in children that are
niced, limited and restarted. Calls run one at a time: when the child crashes, only the call that
crashed it fails. A new interpreter, not a fork, because CUDA does not survive `fork`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog

from bot.condition import Condition
from bot.confinement import Confinement, Wall, in_words
from bot.errors import MynahError
from bot.workers import environment
from bot.workers.backoff import Backoff
from bot.workers.errors import WorkerDiedError, WorkerTimeoutError, busy
from bot.workers.limits import WorkerLimits
from bot.workers.process import ChildProcess, NeverBeganError
from bot.workers.protocol import Assignment, Call, encode

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)

MAX_BEGINNINGS = 3
"""Children in which a call that did not begin is tried."""

STEADY_SECONDS = 60.0
"""A child that lived this long died of something else than its predecessors."""


class Worker:
    """A restartable child process that runs one call at a time.

    Functions and arguments travel by pickle, so functions must be module-level; what they return
    and raise travels as `bot.workers.answers` says, of listed classes. State that should
    outlive a call (a loaded model) lives in the child's modules and is lost when it is replaced.

    The first call starts the child. From then on its end is noticed when it comes, also between
    calls, and another is started at once; with growing pauses when no child lasts. A child that was
    stopped (SIGSTOP) or hangs counts as lost within 10 s; see `bot.workers.vitals`.

    on_lost: called when a child is lost, before anybody else learns of it, with the error that says
    how; None calls nothing.
    """

    def __init__(
        self,
        name: str,
        limits: WorkerLimits,
        on_start: Callable[[], None] | None = None,
        *,
        secrets: Sequence[str] = (),
        confinement: Confinement | None = None,
        answers: Iterable[type] = (),
        place: str = "",
    ) -> None:
        """on_start: called in each child before its first call; it travels by pickle, too.

        secrets: patterns in capitals, such as `HF_*`, of environment variables that the child is
        told although they are secret; the others are kept from it.

        confinement: each child walls itself in by it, between `on_start` and its first call. It
        computes with one thread then, as long as libraries ask the environment how many.

        answers: classes that answers may hold besides what every answer may; see `AnswerCodec`. An
        answer with another ends the child.

        place: which of several alike it is, such as a device; a part of its name but where a member
        is told of it.
        """
        self.name = f"{name} {place}".rstrip()
        self._kind = name
        self.on_lost: Callable[[WorkerDiedError], None] | None = None
        self._limits = limits
        self._on_start = on_start
        self._secrets = tuple(secrets)
        self._confinement = confinement
        self._answers = tuple(answers)
        self._walls: tuple[Wall, ...] = ()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: ChildProcess | None = None
        self._calls: set[asyncio.Task[Any]] = set()
        self._warm_up: Callable[[], object] | None = None
        self._backoff = Backoff()
        self._replacing: asyncio.Task[None] | None = None
        self._closed = False
        self._losses, self._last_error = 0, ""
        self._next_try: float | None = None  # event loop time, while it waits for that

    @property
    def pid(self) -> int | None:
        """Process id of the child, from its very start; None if there is none."""
        return self._child.pid if self._child is not None else None

    @property
    def walls(self) -> tuple[Wall, ...]:
        """What stands around the child, and what does not; nothing before the first is ready."""
        return self._walls

    @property
    def busy(self) -> bool:
        """Whether a call is in flight."""
        return bool(self._calls)

    @property
    def restarting(self) -> bool:
        """Whether a child was lost and the next is not yet as far as it was."""
        return self._replacing is not None

    def condition(self) -> Condition:
        """Return how it is: whether there is a child, why not, and when the next is started."""
        if self._closed:
            return Condition("off", "It was shut down.")
        told = partial(Condition, restarts=self._losses, last_error=self._last_error)
        if self._next_try is not None:
            return told("failing", self._last_error, next_try=self._next_try)
        if self._child is None and self._replacing is None:
            # Each call tries anew where nobody was there to replace.
            return told("off", "It starts with the first call.")
        ready = self._child is not None and self._child.ready.done()
        if self._replacing is not None or not ready:
            return told("starting", self._last_error or "It is starting.")
        return told("ok")

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(*args, **kwargs)` in the child and return its result.

        Starts the child if it is not running. A caller that is cancelled while it waits is
        forgotten; once its call has begun, the call ends on its own and its result is dropped,
        because a loaded model is worth more than the rest of one call. A call that had not begun
        when the child was lost runs in the next one.

        Raises what the function raised; `BusyError` when too many calls wait already;
        `WorkerDiedError` (`ProcessorTimeError`) or `WorkerTimeoutError` when the child was lost
        during the call, or could not be started.
        """
        call = Call(function, args, kwargs)
        result: R = await self._run(self._limits.call_seconds, call, long=False)
        return result

    async def run_within(
        self, call_seconds: float, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do the same as `run` with a bound of its own, in seconds, for a call known to be long.

        Nothing else bounds it, unless the child shows no sign of life at all; see `vitals`.
        """
        result: R = await self._run(call_seconds, Call(function, args, kwargs), long=True)
        return result

    async def _run(self, call_seconds: float, call: Call, *, long: bool) -> Any:
        if self._turn.locked() and self._waiting >= self._limits.waiting:
            raise busy(self._kind)
        result = await self._queue(call_seconds, call, long=long)
        self._backoff.succeed()
        return result

    async def warm(self, function: Callable[[], object]) -> None:
        """Run `function` now, and in every child that takes the place of a lost one.

        Raises what `run` raises.
        """
        self._warm_up = function
        await self.run_within(self._limits.call_seconds, function)

    async def replace(self, reason: str) -> None:
        """End the child, such as for a call that failed in a way that nobody foresaw.

        reason: what follows "the worker" in the error of a call in flight. Another child is started
        at once, as for one that was lost.
        """
        if self._child is not None:
            gone = self._child.gone
            self._child.kill(reason)
            await asyncio.wait([gone])

    async def close(self) -> None:
        """End the child, and with it a call in flight; refuse further calls."""
        self._closed = True
        if self._replacing is not None:
            self._replacing.cancel()
        if self._child is not None:
            self._child.kill("was shut down")
            await asyncio.wait([self._child.gone])
        ending = {*self._calls, *([self._replacing] if self._replacing is not None else [])}
        if ending:
            await asyncio.wait(ending)

    # Calls.

    async def _queue(self, call_seconds: float, call: Call, *, long: bool) -> Any:
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        task = asyncio.create_task(self._take_turn(call_seconds, call, long), name="worker-call")
        self._calls.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, call: asyncio.Task[Any]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # or asyncio reports it as lost when the caller was cancelled

    async def _take_turn(self, call_seconds: float, call: Call, long: bool) -> Any:
        try:
            frame = encode(call)
            for _ in range(MAX_BEGINNINGS):
                try:
                    child = await self._ready_child()
                    return await child.call(frame, call_seconds, long=long)
                except NeverBeganError as error:
                    reason = str(error)
            raise WorkerDiedError(reason)
        finally:
            self._turn.release()

    # Children.

    async def _ready_child(self) -> ChildProcess:
        """Return a child that takes calls. Raises `WorkerDiedError` and `NeverBeganError`."""
        child = self._child or self._start()
        await asyncio.wait([child.ready])
        if child.gone.done():
            reason = str(child.gone.result())
            # One that hangs while it starts has cost its time; the next would cost as much.
            raise WorkerDiedError(reason) if child.overdue else NeverBeganError(reason)
        self._tell_walls(child.walls)
        return child

    def _start(self) -> ChildProcess:
        if self._closed:
            raise WorkerDiedError(f"The {self.name} is shut down.")
        told = environment.entrusted(os.environ, self._secrets)
        assignment = Assignment(
            self._limits, self._on_start, told, self._confinement, self._answers
        )
        known = environment.public(os.environ) | environment.NO_TELEMETRY
        if self._confinement is not None:
            known |= environment.ONE_THREAD
        try:
            self._child = ChildProcess(self.name, assignment, known, self._lose)
        except OSError as error:
            raise WorkerDiedError(
                f"The {self.name} could not be started ({error.strerror or error}). Make sure that "
                "the working directory exists and that memory and processes are free."
            ) from error
        return self._child

    def _tell_walls(self, walls: tuple[Wall, ...]) -> None:
        """Log the walls of the first child, and when they change."""
        if walls == self._walls:
            return
        self._walls = walls
        fields = {"worker": self.name, "walls": in_words(walls)}
        if all(wall.stands for wall in walls):
            log.info("worker confined", stage="worker", **fields)
        else:
            log.warning("a wall around a worker is missing", stage="worker", **fields)

    def _lose(self, child: ChildProcess) -> None:
        self._child = None
        if self._closed:
            return
        error = child.gone.result()
        self._losses, self._last_error = self._losses + 1, str(error)
        if not child.calling:  # otherwise the caller learns of it
            log.warning("worker lost", stage="worker", worker=self.name, reason=str(error))
        if child.age > STEADY_SECONDS:
            self._backoff.succeed()
        if self._replacing is None:
            self._replacing = asyncio.create_task(self._replace(), name="worker-replacement")
        if self.on_lost is not None:
            self.on_lost(error)

    async def _replace(self) -> None:
        """Bring a child up, and to where the lost one was, with growing pauses between tries."""
        try:
            while True:
                await self._pause(self._backoff.fail())
                try:
                    await self._ready_child()
                    if self._warm_up is not None:
                        call = Call(self._warm_up, (), {})
                        await self._queue(self._limits.call_seconds, call, long=True)
                    return
                except (WorkerDiedError, WorkerTimeoutError) as error:
                    reason = str(error)
                log.warning("worker lost", stage="worker", worker=self.name, reason=reason)
        except MynahError as error:
            log.warning("worker not warm", stage="worker", worker=self.name, error=str(error))
        finally:
            self._replacing = None

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._next_try = asyncio.get_running_loop().time() + seconds
        try:
            await asyncio.sleep(seconds)
        finally:
            self._next_try = None
