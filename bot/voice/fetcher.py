"""Fetches what the engine makes, somewhat ahead of what is heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable

import structlog

from bot.errors import MynahError
from bot.voice.utterances import Item

log = structlog.get_logger(__name__)


class Fetcher:
    """Works through a guild's queue in order, one sentence at a time, with a bounded lead."""

    def __init__(
        self, items: deque[Item], prefetch_seconds: float, on_fetched: Callable[[], None]
    ) -> None:
        """`on_fetched` is called after every sentence and after every utterance."""
        self._items = items
        self._prefetch_seconds = prefetch_seconds
        self._on_fetched = on_fetched
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue again: something was added or removed."""
        self._changed.set()
        if any(item.fetching for item in self._items):
            return
        item = next((item for item in self._items if item.fetch is None), None)
        if item is not None:
            item.fetch = asyncio.create_task(self._fetch(item), name="voice-fetch")
            item.fetch.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._on_fetched()
        self.wake()

    async def _fetch(self, item: Item) -> None:
        try:
            await self._until_needed()
            await self._fetch_sentences(item)
        except MynahError as error:
            item.error = str(error)
        except Exception:
            log.exception("an utterance could not be spoken", stage="voice")
            item.error = "Something went wrong while this was being spoken."
        finally:
            item.track.end()

    async def _fetch_sentences(self, item: Item) -> None:
        sentences = item.request.speak(self._due)
        try:
            async for speech in sentences:
                item.feed(speech)
                self._on_fetched()
                await self._until_needed()
        finally:
            if isinstance(sentences, AsyncGenerator):
                await sentences.aclose()

    async def _until_needed(self) -> None:
        """Wait until no more than `prefetch_seconds` of audio lie ahead."""
        while (over := self._buffered() - self._prefetch_seconds) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                # Never less than a packet: while a connection is away nothing is used up.
                # Not `wait_for`, which before Python 3.12 can swallow the cancellation of a skip.
                async with asyncio.timeout(max(over, 0.02)):
                    await self._changed.wait()

    def _due(self) -> float:
        return asyncio.get_running_loop().time() + self._buffered()

    def _buffered(self) -> float:
        return sum(item.track.buffered_seconds for item in self._items)
