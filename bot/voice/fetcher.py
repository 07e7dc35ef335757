"""Fetches what the engine makes, somewhat ahead of what is heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from bot.errors import EngineDeadError, MynahError
from bot.i18n import Translatable
from bot.speech.out_of_order import for_members
from bot.voice.queue import SpeechQueue
from bot.voice.utterances import Item

log = structlog.get_logger(__name__)

CROWDED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lead:
    """How far ahead speech is fetched.

    seconds: of audio, over all utterances of a guild. texts: how many are fetched at once, as
    things stand. crowded: whether all guilds together hold as much as there is memory for; then a
    guild gets no more than `CROWDED_SECONDS` ahead. wait: how long it takes, in s, until the engine
    has made so many more sentences of a guild; an estimate.
    """

    seconds: float
    texts: Callable[[], int] = lambda: 1
    crowded: Callable[[], bool] = lambda: False
    wait: Callable[[int, int], float] = lambda guild_id, sentences: 0.0

    @property
    def seconds_now(self) -> float:
        """How far ahead speech is fetched as things stand."""
        return min(self.seconds, CROWDED_SECONDS) if self.crowded() else self.seconds


class Fetcher:
    """Works through a guild's queue in order, with a bounded lead.

    The sentences of a text come in order. The next texts are begun while earlier ones are being
    made, as far as the lead allows; the engine decides whether it has room for them. A command is
    begun whatever chatter is at work: it is heard before that.
    """

    def __init__(self, queue: SpeechQueue, lead: Lead, on_fetched: Callable[[], None]) -> None:
        """`on_fetched` is called after every sentence and after every utterance."""
        self._queue, self._lead = queue, lead
        self._on_fetched = on_fetched
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue again: something was added or removed."""
        self._changed.set()
        most, at_work = self._lead.texts(), 0
        for item in self._queue.in_order():
            if item.fetch is None and at_work < most:
                item.fetch = asyncio.create_task(self._fetch(item), name="voice-fetch")
                item.fetch.add_done_callback(self._done)
            at_work += item.fetching

    def _done(self, task: asyncio.Task[None]) -> None:
        self._on_fetched()
        self.wake()

    async def _fetch(self, item: Item) -> None:
        track = item.track  # the item has another when it is begun anew
        try:
            await self._until_needed(item)
            await self._fetch_sentences(item)
        except EngineDeadError as error:  # whose text is the operator's
            item.error = for_members(error)
        except MynahError as error:
            item.error = error.args[0] if error.args else str(error)  # it may be translatable
        except Exception:
            log.exception("an utterance could not be spoken", stage="voice")
            item.error = Translatable("Something went wrong while this was being spoken.")
        finally:
            track.end()

    async def _fetch_sentences(self, item: Item) -> None:
        sentences = item.request.speak(partial(self._due, item))
        try:
            async for speech in sentences:
                item.feed(speech)
                self._on_fetched()
                await self._until_needed(item)
        finally:
            if isinstance(sentences, AsyncGenerator):
                await sentences.aclose()

    async def _until_needed(self, item: Item) -> None:
        """Wait until no more than the lead's seconds of audio lie before what `item` gets next."""
        while (over := self._queue.before(item) - self._lead.seconds_now) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                # Never less than a packet: while a connection is away nothing is used up.
                # Not `wait_for`, which before Python 3.12 can swallow the cancellation of a skip.
                async with asyncio.timeout(max(over, 0.02)):
                    await self._changed.wait()

    def _due(self, item: Item) -> float:
        return asyncio.get_running_loop().time() + self._queue.before(item)
