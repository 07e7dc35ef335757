"""One child process as its parent sees it: spawned, spoken to, watched, ended and reaped.

Everything happens on the event loop, so that no other thread can reap the child between a look at
it and a signal to it, when its id might be another process's already.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing.spawn
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog

from bot.confinement import Wall
from bot.workers.answers import AnswerCodec
from bot.workers.child import GROUP_SIGNALS, program
from bot.workers.errors import ProcessorTimeError, WorkerDiedError, WorkerTimeoutError
from bot.workers.protocol import (
    Assignment,
    Beat,
    Began,
    GarbageError,
    Raised,
    Ready,
    Returned,
    Unfit,
    encode,
    read_frame,
)
from bot.workers.state import StopWatch
from bot.workers.vitals import LifeWatch

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0
"""How often a child is looked at. Its end is noticed at once in most cases, without looking."""

MOST_ANSWERS = 10_000
"""Between two looks. One that is in strangers' hands could keep the event loop busy."""

GRACE_SECONDS = 0.5
"""How long a child that closed its connection may take to end by itself."""

REAP_SECONDS = 10.0
"""How long a killed child is waited for: one that hangs in a driver cannot be killed."""


class NeverBeganError(WorkerDiedError):
    """The child process ended before it began the call, which can so be tried again."""


class ChildProcess:
    """A spawned Python process that runs one call at a time.

    ready: done when it takes calls, or has ended. gone: done when it has ended, with the error that
    says how. overdue: whether it was ended because it took too long to become ready. walls: what
    stands around it, once it is ready.
    """

    def __init__(
        self,
        name: str,
        assignment: Assignment,
        environment: Mapping[str, str],
        on_gone: Callable[[ChildProcess], None],
    ) -> None:
        """Spawn it. environment: all that /proc will ever show. on_gone: called once, at its end.

        Raises OSError.
        """
        loop = asyncio.get_running_loop()
        self._name, self._on_gone = name, on_gone
        self._limits = assignment.limits
        self._codec = AnswerCodec(assignment.answers)
        preparation = multiprocessing.spawn.get_preparation_data(name)
        del preparation["authkey"]
        introduction = encode(preparation) + encode(assignment)
        self._popen, connection = _spawn(name, environment)
        self._signs = LifeWatch(self._popen.pid)
        self._born = loop.time()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[WorkerDiedError] = loop.create_future()
        self._reply: asyncio.Future[Any] | None = None
        self._begun = self._long = False
        self._answers = self._calls = 0  # that came, and that were made, so far
        self._reason = ""  # why it was killed
        self._unfit = ""  # why it ended itself
        self.overdue = False
        self.walls: tuple[Wall, ...] = ()
        self._life = asyncio.create_task(self._live(connection, introduction), name="worker-life")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def age(self) -> float:
        """How long it has lived, in s."""
        return asyncio.get_running_loop().time() - self._born

    @property
    def calling(self) -> bool:
        """Whether a call is being waited for."""
        return self._reply is not None

    async def call(self, frame: bytes, seconds: float, *, long: bool = False) -> Any:
        """Run an encoded `Call` and return what it returns. The child must be ready.

        long: whether it may keep Python's lock, or do nothing, for as long as it takes.

        Raises what the function raised; `WorkerTimeoutError` after `seconds`, when the child has
        been killed; `WorkerDiedError` when it ended, `NeverBeganError` when it had not begun.
        """
        reply = self._reply = asyncio.get_running_loop().create_future()
        self._begun, self._long = False, long
        self._calls += 1
        try:
            # Not `drain`: there is never more than one call to send, and it is in memory anyway.
            self._writer.write(frame)
            await asyncio.wait([reply], timeout=seconds)
            if not reply.done():
                self.kill(f"took over {seconds:g} s")
                await asyncio.wait([self.gone])
                raise WorkerTimeoutError(f"The {self._name} took over {seconds:g} s.")
            return reply.result()
        finally:
            self._reply, self._long = None, False
            reply.cancel()

    def kill(self, reason: str) -> None:
        """End it, now. `gone` follows."""
        if self._popen.poll() is None:
            self._reason = self._reason or reason
            self._popen.kill()

    async def _live(self, connection: socket.socket, introduction: bytes) -> None:
        loop = asyncio.get_running_loop()
        overdue = loop.call_later(self._limits.start_seconds, self._check_started)
        reader, self._writer = await asyncio.open_connection(sock=connection)
        watch = asyncio.create_task(self._watch(reader), name="worker-watch")
        try:
            self._writer.write(introduction)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    self._take(await read_frame(reader, self._limits.answer_bytes))
        except GarbageError as error:
            self._refuse(str(error))
        finally:
            overdue.cancel()
            watch.cancel()
            self._writer.transport.abort()
            await self._reap()
            self._end()

    def _take(self, frame: bytes) -> None:
        self._answers += 1
        match self._codec.decode(frame):
            case Ready(walls):
                self._become_ready(walls)
            case Began():
                self._begun = True
            case Returned() | Raised() as outcome:
                self._answer(outcome)
            case Unfit(reason):
                self._unfit = reason
            case Beat(helpers):
                self._signs.helpers = helpers

    def _refuse(self, why: str) -> None:
        log.error(
            "a worker answered what it may not",
            stage="worker",
            worker=self._name,
            pid=self.pid,
            why=why,
        )
        self.kill("answered what is no answer")

    def _become_ready(self, walls: tuple[Wall, ...]) -> None:
        if not self.ready.done():
            self.walls = walls
            self.ready.set_result(None)

    def _answer(self, outcome: Returned | Raised) -> None:
        if self._reply is None or self._reply.done():
            return  # nobody waits for it any more
        if isinstance(outcome, Returned):
            self._reply.set_result(outcome.value)
        else:
            self._reply.set_exception(outcome.error)

    def _check_started(self) -> None:
        if not self.ready.done():
            self.overdue = True
            self.kill(f"did not start within {self._limits.start_seconds:g} s")

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        """Notice a child that was stopped or hangs, or whose children keep the connection open."""
        stopped = StopWatch(self.pid)
        answers = calls = 0
        while self._popen.poll() is None:
            # In the same call as at the last look, and for as long as that.
            computing = self._begun and self.calling and calls == self._calls
            computing = computing and self._limits.computing and not self._long
            hung = self._signs.look(
                beaten=self._answers > answers,
                computing=computing,
                long=self._long or not self.ready.done(),
            )
            often = self._answers > answers + MOST_ANSWERS
            answers, calls = self._answers, self._calls
            if often:
                self._refuse("too many answers")
            elif stopped.looks_stopped():
                self.kill("was stopped (SIGSTOP)")
            elif hung:
                self.kill(hung)
            await asyncio.sleep(WATCH_SECONDS)
        reader.feed_eof()

    async def _reap(self) -> None:
        """Wait until the process has ended, so that no zombie is left."""
        pause, loop = 0.001, asyncio.get_running_loop()
        since = loop.time()
        while self._popen.poll() is None and loop.time() < since + REAP_SECONDS:
            if loop.time() > since + GRACE_SECONDS:  # a dying process closes its files first
                self.kill("closed its connection")
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.1)
        if self._popen.returncode is None:
            log.error("a worker cannot be ended", stage="worker", worker=self._name, pid=self.pid)

    def _end(self) -> None:
        error = self._epitaph()
        self.gone.set_result(error)
        self._on_gone(self)
        if not self.ready.done():
            self.ready.cancel()
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error if self._begun else NeverBeganError(str(error)))

    def _epitaph(self) -> WorkerDiedError:
        code = self._popen.returncode
        if code == -signal.SIGXCPU:
            seconds = self._limits.cpu_seconds or 0
            return ProcessorTimeError(
                f"The {self._name} took over {seconds:g} s of processor time."
            )
        if self._unfit:
            return WorkerDiedError(f"The {self._name} ended itself. {self._unfit}")
        killed = self._reason and code in (None, -signal.SIGKILL)
        how = f"{self._reason} and was ended" if killed else f"stopped unexpectedly ({_how(code)})"
        return WorkerDiedError(f"The {self._name} {how}.")


def _how(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _spawn(
    name: str, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    ours, theirs = socket.socketpair()
    try:
        command = [sys.executable, *flags, *program(name)]
        with _signals_held(), theirs:
            popen = subprocess.Popen(command, env=dict(environment), stdin=theirs.fileno())  # noqa: S603
    except BaseException:
        ours.close()
        raise
    return popen, ours


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back; a child that is spawned meanwhile inherits that.

    It would otherwise print a traceback if it is interrupted before it ignores them by itself.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
