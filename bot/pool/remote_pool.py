"""Sentences among engines that come and go: what waits for one, and what moves when one is lost.

Knows no Ray: the members are whatever can be asked for a sentence. On one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.errors import MynahError
from bot.pool.dispatcher import Dispatcher
from bot.pool.remote_speaker import RemoteMember, RemoteReplica
from bot.speech.types import RemoteEngine, SynthesisRequest, SynthesisResult


class RemotePool:
    """Sentences by tickets, which a `Dispatcher` shares out among engines that others ask, too.

    on_done: takes a ticket and what became of it; called on the loop. clock: seconds, monotonic.
    """

    def __init__(
        self,
        on_done: Callable[[int, SynthesisResult], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_done, self._clock = on_done, clock
        self._replicas: list[RemoteReplica] = []
        self._dispatcher = Dispatcher(self._replicas, self._until_ready)
        self._ready = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def replicas(self) -> tuple[RemoteReplica, ...]:
        """All engines with what is known of them, whether they can be asked or not."""
        return tuple(self._replicas)

    def readings(self) -> tuple[RemoteEngine, ...]:
        """Return how each engine stands, whether it can be asked or not. From any thread."""
        return tuple(RemoteEngine(each.reading(), each.remote.fault) for each in self.replicas)

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, member: RemoteMember) -> None:
        """Take a member in; what waits may go to it."""
        self._replicas.append(RemoteReplica(member, self._clock))

    def remove(self, name: str) -> None:
        """Let go of a member that is no more; what it had goes to others."""
        for replica in [replica for replica in self._replicas if replica.name == name]:
            self._replicas.remove(replica)
            replica.lose()

    def look(self) -> None:
        """Act on what changed of the members: move what is lost, place what waits."""
        for replica in self._replicas:
            replica.look()
        if any(replica.fit for replica in self._replicas):
            self._ready.set()

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take a sentence on."""
        work = self._speak(ticket, request)
        self._tasks[ticket] = asyncio.create_task(work, name="remote-sentence")

    def withdraw(self, ticket: int) -> None:
        """Give a sentence up, also in the engine that has it."""
        task = self._tasks.pop(ticket, None)
        if task is not None:
            task.cancel()

    def forget(self, clip_sha256: str) -> None:
        """Move nothing that is spoken with a clip to another engine."""
        self._dispatcher.forget(clip_sha256)

    async def close(self) -> None:
        """Give everything up."""
        tasks = list(self._tasks.values())
        for ticket in list(self._tasks):
            self.withdraw(ticket)
        if tasks:
            await asyncio.wait(tasks)

    async def _speak(self, ticket: int, request: SynthesisRequest) -> None:
        try:
            result = await self._dispatcher.speak(request)
        except MynahError as error:
            result = error
        if self._tasks.pop(ticket, None) is not None:
            self._on_done(ticket, result)

    async def _until_ready(self) -> None:
        self._ready.clear()
        await self._ready.wait()
