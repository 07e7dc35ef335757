"""What one guild hears: one text after the other, over a connection that may come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from bot.i18n import Translatable
from bot.operations.figures import UtteranceFacts
from bot.speech.refusals import DATA_AWAY
from bot.voice.fetcher import Fetcher, Lead
from bot.voice.keeper import ConnectionKeeper
from bot.voice.limits import VoiceLimits
from bot.voice.pacer import Pacer
from bot.voice.queue import SpeechQueue
from bot.voice.stages import tell
from bot.voice.timer import Timer
from bot.voice.track import TrackEvent
from bot.voice.utterances import Item, SayRequest, UtteranceEnd
from storage.errors import StorageError

log = structlog.get_logger(__name__)

_MAX_FAILURES = 2  # of the connection, during one utterance

_WITHDRAW_SECONDS = 2.0  # for what is being made, which is given up within the event loop's turns


class Playback:
    """Hands the queue's texts to the pacer in their turn, and ends each of them once."""

    def __init__(
        self,
        guild_id: int,
        keeper: ConnectionKeeper,
        pacer: Pacer,
        limits: VoiceLimits,
        lead: Lead,
        on_heard: Callable[[SayRequest], None] = lambda request: None,
        on_spoken: Callable[[Item, UtteranceEnd], None] = lambda item, end: None,
        on_ended: Callable[[UtteranceFacts], None] = lambda facts: None,
    ) -> None:
        self.queue = SpeechQueue(limits, partial(lead.wait, guild_id))
        self._guild_id = guild_id
        self._keeper = keeper
        self._on_heard, self._on_spoken, self._on_ended = on_heard, on_spoken, on_ended
        self._outlet = pacer.outlet(keeper.link)
        self._limits = limits
        self._fetcher = Fetcher(self.queue, lead, self._advance)
        self._hold_timer = Timer(self._encryption_overdue)

    def add(self, request: SayRequest, *, first: bool = False) -> Item:
        """Queue a text; see `SpeechQueue.add`."""
        item = Item(request, self._heard)
        self.queue.add(item, first=first)
        self._fetcher.wake()
        self._advance()
        return item

    def reconnected(self) -> None:
        """Go on with what was being heard, over another connection."""
        head = self.queue.head
        if head is not None and head.playing:
            self._outlet.play(head.track)

    def begin_anew(self, items: Sequence[Item]) -> None:
        """Forget what was fetched of those of which nothing was heard, and fetch it again."""
        for item in items:
            if not item.begun:
                item.begin_anew()
        self._fetcher.wake()

    def drop(self, items: Sequence[Item], end: UtteranceEnd) -> None:
        """End texts; of the one that is being heard, the sentence may end."""
        for item in items:
            if item.playing:
                item.cut(end)
        for item in reversed(items):  # so that no other of them begins
            if not item.playing:
                self.finish(item, end)

    async def end(self, items: Sequence[Item], end: UtteranceEnd) -> None:
        """End texts at once, and return when nothing is being made for them either."""
        fetches = [item.fetch for item in items if item.fetching and item.fetch is not None]
        for item in reversed(items):  # so that no other of them begins
            self.finish(item, end)
        if fetches:
            await asyncio.wait(fetches, timeout=_WITHDRAW_SECONDS)

    async def ask_again(self, items: Sequence[Item]) -> None:
        """End those texts that may be said no more; return as `end` does."""
        refused = await asyncio.gather(*(self._is_refused(item) for item in items))
        await self.end(
            [item for item, refused in zip(items, refused, strict=True) if refused],
            UtteranceEnd.NOT_ALLOWED,
        )

    def finish(self, item: Item, end: UtteranceEnd) -> None:
        """End a text at once, unless it has ended."""
        if item.ended.done():
            return
        if item is self.queue.head:
            self._hold_timer.cancel()
            if item.playing and end is not UtteranceEnd.PLAYED:
                self._outlet.stop()
        self.queue.remove(item)
        item.finish(end)
        if item.track.sent:
            self._on_spoken(item, end)
        facts = item.stages.facts(self._guild_id, item.request.rank.name, end.name)
        tell(facts)
        self._on_ended(facts)
        self._fetcher.wake()
        self._advance()

    def finish_all(self, end: UtteranceEnd) -> int:
        """End everything at once; returns how many texts that were."""
        items = list(self.queue)
        for item in reversed(items):  # the current one last, so that no other begins
            self.finish(item, end)
        return len(items)

    def _advance(self) -> None:
        head = self.queue.head
        if head is None:
            return
        head.stages.turn()
        if head is self.queue.yielding:
            head.track.yield_after_sentence()
        elif head.playing:
            head.track.resume()
        elif head.ready:
            self._begin(head)

    def _begin(self, head: Item) -> None:
        if head.silent:
            self.finish(head, UtteranceEnd.FAILED)
            return
        if not head.admitted:
            self._ask(head)  # it may have waited for long; then it begins
            return
        head.playing = True
        head.track.resume()
        self._outlet.play(head.track)

    def _heard(self, item: Item, event: TrackEvent) -> None:
        if item is not self.queue.head:
            return  # sent before the utterance was ended
        match event:
            case TrackEvent.STARTED:
                item.stages.first_packet()
                self._on_heard(item.request)
                item.report()
            case TrackEvent.SENTENCE:
                item.sentence_played()
                self._ask(item)
            case TrackEvent.YIELDED:
                self._give_way(item)
            case TrackEvent.PLAYED:
                self.finish(item, item.natural_end)
            case _:
                self._connection_changed(item, event)

    def _give_way(self, item: Item) -> None:
        if item.track.yielded:  # or the command has gone meanwhile
            self._outlet.stop()
            self.queue.give_way()
            item.admitted = item.request.refusal is None
            self._fetcher.wake()
            self._advance()

    # Whether a text may still be said.

    def _ask(self, item: Item) -> None:
        if item.request.refusal is not None and item.asking is None:
            item.asking = asyncio.create_task(self._admit(item), name="voice-ask")

    async def _admit(self, item: Item) -> None:
        refused = await self._is_refused(item)
        item.asking = None
        if refused:
            self.finish(item, UtteranceEnd.NOT_ALLOWED)
            return
        item.admitted = True
        self._advance()

    async def _is_refused(self, item: Item) -> bool:
        """Whether a text may be said no more; where nobody can tell, it may not."""
        if item.request.refusal is None:
            return False
        try:
            refusal = await item.request.refusal()
        except StorageError as error:
            log.error("nobody can tell who may speak", guild=self._guild_id, stage="voice",
                      error=str(error))  # fmt: skip
            refusal = DATA_AWAY
        except Exception:
            log.exception("nobody can tell who may speak", guild=self._guild_id, stage="voice")
            refusal = Translatable("Something went wrong while this was being spoken.")
        if refusal is not None and not item.ended.done():
            item.error = refusal
        return refusal is not None

    # A connection that cannot take packets.

    def _connection_changed(self, item: Item, event: TrackEvent) -> None:
        match event:
            case TrackEvent.HELD:
                self._hold_timer.start(self._limits.encryption_seconds)
            case TrackEvent.RESUMED:
                self._hold_timer.cancel()
            case TrackEvent.FAILED:
                self._sending_failed(item)

    def _encryption_overdue(self) -> None:
        link, item = self._keeper.link, self.queue.head
        if link.ready() or item is None:
            return
        if link.listening:
            self._hold_timer.start(self._limits.encryption_seconds)
            return
        # Without a connection the keeper watches the time. Alone there is nobody to encrypt for:
        # the speech waits for somebody to come, or for the bot to leave.
        if link.connected and not link.alone:
            item.failures += 1
            if item.failures >= _MAX_FAILURES:
                self.finish(item, UtteranceEnd.ENCRYPTION_FAILED)
                return
            self._keeper.recover(force=True)
        self._hold_timer.start(self._limits.encryption_seconds)

    def _sending_failed(self, item: Item) -> None:
        error = repr(self._outlet.error)
        log.warning("sending failed", guild=self._guild_id, stage="voice", error=error)
        item.failures += 1
        if item.failures > _MAX_FAILURES:
            self.finish(item, UtteranceEnd.CONNECTION_LOST)
        else:
            self._keeper.recover(force=True)
