"""One spawned child process behind a `concurrent.futures.Executor`, replaced when it dies.

The bot process must never stutter, so decoding, analysis and synthesis run in children that are
niced, limited and restarted. Calls run one at a time: when the child crashes, only the call that
crashed it fails. `spawn`, because CUDA does not survive `fork`.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from bot.errors import BusyError, MynahError

P = ParamSpec("P")
R = TypeVar("R")

_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL

# Ctrl-C and a service manager's SIGTERM reach the whole group, but the parent decides when the
# call in flight may end.
_GROUP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class WorkerDiedError(MynahError):
    """The child process ended during the call (crash, out of memory, over its processor time)."""


class WorkerTimeoutError(MynahError):
    """The call outlasted its time and the child process was ended."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Bounds of one worker.

    call_seconds: wall clock of one call, after which the child is killed.
    cpu_seconds: processor time of one call, enforced by the kernel; None for no limit.
    memory_bytes: private memory of the child, enforced by the kernel; None for no limit.
    waiting: calls that may wait for their turn; one more is refused.
    nice: added to the niceness of the child. At 15 two busy children leave the pace of the packets
        alone; at 10 they do not quite.
    """

    call_seconds: float
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    waiting: int = 16
    nice: int = 15


class Worker:
    """A restartable child process that runs one call at a time.

    Functions and arguments travel by pickle, so functions must be module-level. State that should
    outlive a call (a loaded model) lives in the child's modules and is lost when it is replaced.
    """

    def __init__(
        self, name: str, limits: WorkerLimits, on_start: Callable[[], None] | None = None
    ) -> None:
        """on_start: called in each child before its first call; it travels by pickle, too."""
        self.name = name
        self._limits = limits
        self._on_start = on_start
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._executor: Executor | None = None
        self._pid: int | None = None
        self._calls: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id of the running child, or None."""
        return self._pid

    @property
    def busy(self) -> bool:
        """Whether a call is in flight."""
        return bool(self._calls)

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(*args, **kwargs)` in the child and return its result.

        Starts the child if it is not running. A caller that is cancelled while it waits is
        forgotten; once its call has begun, the call ends on its own and its result is dropped,
        because a loaded model is worth more than the rest of one call.

        Raises what the function raised; `BusyError` when too many calls wait already;
        `WorkerDiedError` or `WorkerTimeoutError` when the child was lost, which the next call
        replaces.
        """
        return await self.run_within(self._limits.call_seconds, function, *args, **kwargs)

    async def run_within(
        self, call_seconds: float, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do the same as `run` with a bound of its own, in seconds, for a call known to be long."""
        if self._turn.locked() and self._waiting >= self._limits.waiting:
            raise BusyError(f"The {self.name} is busy. Try again in a minute.")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        call = asyncio.create_task(self._take_turn(call_seconds, function, args, kwargs))
        self._calls.add(call)
        call.add_done_callback(self._forget)
        return await asyncio.shield(call)

    async def close(self) -> None:
        """End the child, and with it a call in flight; refuse further calls."""
        self._closed = True
        await self._discard()
        if self._calls:
            await asyncio.wait(set(self._calls))

    def _forget(self, call: asyncio.Task[Any]) -> None:
        self._calls.discard(call)
        _see_exception(call)

    async def _take_turn(
        self,
        call_seconds: float,
        function: Callable[..., R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> R:
        try:
            executor = await self._ready_executor()
            future: asyncio.Future[R] = _submit(
                executor, _bounded_call, self._limits, function, args, kwargs
            )
            done, _ = await asyncio.wait([future], timeout=call_seconds)
            if not done:
                await self._discard()
                await asyncio.wait([future])
                raise WorkerTimeoutError(f"The {self.name} took over {call_seconds:g} s.")
            try:
                return future.result()
            except (BrokenProcessPool, asyncio.CancelledError):  # cancelled by the pool's shutdown
                await self._discard()
                raise WorkerDiedError(f"The {self.name} stopped unexpectedly.") from None
        finally:
            self._turn.release()

    async def _ready_executor(self) -> Executor:
        if self._closed:
            raise WorkerDiedError(f"The {self.name} is shut down.")
        if self._executor is not None:
            return self._executor
        try:
            return await self._start()
        except OSError as error:
            await self._discard()
            raise WorkerDiedError(
                f"The {self.name} could not be started ({error.strerror or error}). Make sure that "
                "the working directory exists and that memory and processes are free."
            ) from error
        except BrokenProcessPool:
            await self._discard()
            raise WorkerDiedError(f"The {self.name} could not be started.") from None

    async def _start(self) -> Executor:
        executor = self._executor = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_initialize_child,
            initargs=(self._limits, self._on_start),
        )
        # The first call spawns the child, here and now. Not so the pool's construction, which
        # must stay outside: it starts multiprocessing's resource tracker, which unblocks signals.
        with _signals_held():
            started = _submit(executor, os.getpid)
        await asyncio.wait([started])
        if self._executor is not executor:
            raise WorkerDiedError(f"The {self.name} is shut down.")
        self._pid = started.result()
        return executor

    async def _discard(self) -> None:
        executor, pid = self._executor, self._pid
        self._executor = self._pid = None
        if executor is None:
            return
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, _KILL)
        # Joins the executor's threads and reaps the child, off the event loop.
        await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)


def _submit(executor: Executor, function: Callable[..., R], /, *args: Any) -> asyncio.Future[R]:
    future = asyncio.get_running_loop().run_in_executor(executor, function, *args)
    future.add_done_callback(_see_exception)
    return future


def _see_exception(future: asyncio.Future[Any]) -> None:
    """Read the exception, or asyncio reports it as lost when the caller was cancelled."""
    if not future.cancelled():
        future.exception()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back; a child that is spawned meanwhile inherits that.

    It would otherwise print a traceback if it is interrupted before it ignores them by itself.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _GROUP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _initialize_child(limits: WorkerLimits, on_start: Callable[[], None] | None) -> None:
    """Make this child polite, bounded and mortal."""
    for number in _GROUP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, name="parent-watch", daemon=True).start()
    if on_start is not None:
        on_start()
    if sys.platform == "win32":
        return
    os.nice(limits.nice)
    if limits.memory_bytes is not None:
        import resource

        # RLIMIT_DATA counts private writable memory; RLIMIT_AS would also count the address space
        # that numba, OpenBLAS and CUDA reserve without using it.
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # also returns after SIGKILL: it waits on a pipe that the kernel closes
        os._exit(1)


def _bounded_call(
    limits: WorkerLimits,
    function: Callable[..., R],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> R:
    if limits.cpu_seconds is not None and sys.platform != "win32":
        import resource

        # The limit counts from the start of the process, so it is moved on before every call.
        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime + limits.cpu_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    return function(*args, **kwargs)
