"""Bringing the engines of a pool up: all of them, with the same model, and again when they fail."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog

from bot.errors import EngineDeadError
from bot.pool.replica import DeviceReplica
from bot.speech.load_progress import OnProgress
from bot.speech.types import EngineInfo

log = structlog.get_logger(__name__)

LEAST_PAUSE_SECONDS = 1.0
"""Between two tries of all engines in the background."""


class Loading:
    """Loads the members of a pool.

    replicas: all of them; the pool's own list. settled: whether their configuration leaves no
    choice of the model; where it does, the first that loads decides for all. together: whether they
    may load at the same time; on a CPU they would take it from one another. on_ready: called when
    one has been loaded and may speak; must not block or fail. clock: seconds, monotonic.
    """

    def __init__(
        self,
        replicas: Sequence[DeviceReplica],
        *,
        settled: bool,
        together: bool,
        on_ready: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model: EngineInfo | None = None  # what all have to be like
        self._replicas, self._settled, self._together = replicas, settled, together
        self._on_ready, self._clock = on_ready, clock
        self._turn, self._up = asyncio.Lock(), asyncio.Event()
        self._tasks: dict[DeviceReplica, asyncio.Task[None]] = {}  # the last of each
        self._others: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether one of them can speak."""
        return any(replica.fit for replica in self._replicas)

    def attend(self, replica: DeviceReplica) -> None:
        """Hear of it whenever a replica's member is loaded."""
        replica.member.on_slots = lambda: self._loaded(replica)

    async def ensure(self, on_progress: OnProgress | None = None) -> None:
        """Return when one of them can speak; the others are loaded in the background.

        Raises `EngineDeadError` when none can be loaded.
        """
        # Bounded: each turn costs a load, and loading refuses when it does not help.
        while not self.ready:
            loads = [self.begin(each, on_progress) for each in self._replicas if not each.refused]
            if await self._none_comes(loads):
                raise self._failure()

    def begin(
        self, replica: DeviceReplica, on_progress: OnProgress | None = None
    ) -> asyncio.Task[None]:
        """Load a replica's member unless it is being loaded; return the task."""
        task = self._tasks.get(replica)
        if task is None or task.done():
            task = asyncio.create_task(self._load(replica, on_progress), name="engine-load")
            task.add_done_callback(partial(self._take_note, replica))
            self._tasks[replica] = task
        return task

    def keep_trying(self) -> None:
        """Load them in the background, after pauses where that fails, until one is there."""
        if not any(task.get_name() == "engine-reload" for task in self._others):
            self._in_background(self._keep_trying(), "engine-reload")

    async def close(self) -> None:
        """End what is under way."""
        tasks = {*self._tasks.values(), *self._others}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _none_comes(self, loads: Sequence[asyncio.Task[None]]) -> bool:
        """Return when one can speak, or all loads have ended: whether all of them failed."""
        pending = {load for load in loads if not load.done()}
        while pending and not self.ready:
            self._up.clear()  # one that came may be lost again
            up = asyncio.create_task(self._up.wait(), name="engine-up")
            try:
                # One may also be there again by itself.
                await asyncio.wait({up, *pending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
            pending = {load for load in pending if not load.done()}
        return not self.ready and all(load.cancelled() or load.exception() for load in loads)

    async def _load(self, replica: DeviceReplica, on_progress: OnProgress | None) -> None:
        async with self._turn:
            # In turn, for as long as the one before may have a say in what this one loads.
            if not (self._together and (self._settled or self.model is not None)):
                await self._start(replica, on_progress)
                return
        await self._start(replica, on_progress)

    async def _start(self, replica: DeviceReplica, on_progress: OnProgress | None) -> None:
        self._settle(replica)
        if on_progress is not None:
            await replica.member.start(on_progress)
        else:
            await replica.member.ensure_loaded()

    def _loaded(self, replica: DeviceReplica) -> None:
        info = replica.member.info
        assert info is not None
        replica.begin_anew()
        if self.model is None:
            self.model = info
        elif not self._is_like_others(info):
            self._refuse(replica, info)
            return
        elif _numbers(info) != _numbers(self.model):
            log.warning("engines compute in different numbers", stage="engine", device=replica.name,
                        computes=_numbers(info), others=_numbers(self.model))  # fmt: skip
        self._up.set()
        self._on_ready()
        for other in self._replicas:
            task = self._tasks.get(other)
            if not (other.fit or other.refused) and task is not None and task.done():
                self._try_again(other)  # it failed before

    def _take_note(self, replica: DeviceReplica, task: asyncio.Task[None]) -> None:
        """Act on what loading failed of, if it did."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        if not isinstance(error, EngineDeadError):  # which the member has logged
            log.warning("engine not loaded", stage="engine", error=str(error))
        if self.ready:
            self._try_again(replica)

    def _try_again(self, replica: DeviceReplica) -> None:
        """Have one that failed tried by itself: nobody waits for it while another speaks."""
        self._settle(replica)
        replica.member.load_again()

    def _settle(self, replica: DeviceReplica) -> None:
        if self.model is not None and not self._settled:
            replica.member.settle(self.model)

    def _is_like_others(self, info: EngineInfo) -> bool:
        assert self.model is not None
        like = (self.model.kind, self.model.model, self.model.decode)
        return (info.kind, info.model, info.decode) == like

    def _refuse(self, replica: DeviceReplica, info: EngineInfo) -> None:
        assert self.model is not None
        replica.refused = (
            f"It loaded {info.model}, and {self.model.device} speaks with {self.model.model}. All "
            f"have to load the same: set engine.model to it, or take {replica.name} out of "
            "engine.devices."
        )
        log.error("engine left out of the pool", stage="engine", device=replica.name,
                  reason=replica.refused)  # fmt: skip
        self._in_background(replica.member.close(), "engine-refused")

    async def _keep_trying(self) -> None:
        while not self.ready:
            tries = [
                replica.member.condition().next_try
                for replica in self._replicas
                if not replica.refused
            ]
            now = self._clock()
            pause = min((at - now for at in tries if at is not None), default=0.0)
            await asyncio.sleep(max(LEAST_PAUSE_SECONDS, pause))
            try:
                await self.ensure()
            except EngineDeadError:
                continue  # noted already

    def _failure(self) -> EngineDeadError:
        """Return why none of them is there."""
        told, for_members = [], ""
        for replica in self._replicas:
            task = self._tasks.get(replica)
            error = task.exception() if task and task.done() and not task.cancelled() else None
            told.append(f"{replica.name}: {replica.refused or error or 'It was lost again.'}")
            if isinstance(error, EngineDeadError):
                for_members = for_members or error.for_members
        return EngineDeadError(" ".join(told), for_members)

    def _in_background(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._others.add(task)
        task.add_done_callback(self._others.discard)


def _numbers(info: EngineInfo) -> str:
    """Return in what an engine computes, without what was measured to choose it."""
    return re.sub(r" \([^)]*\)", "", info.computes)
