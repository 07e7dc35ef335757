"""What one guild hears: a bounded queue of utterances, played one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import discord
import structlog

from bot.errors import BusyError, UserError
from bot.voice.fetcher import Fetcher, Lead
from bot.voice.keeper import ConnectionKeeper
from bot.voice.limits import VoiceLimits
from bot.voice.link import JoinOutcome, VocalChannel
from bot.voice.pacer import Pacer
from bot.voice.timer import Timer
from bot.voice.track import TrackEvent
from bot.voice.utterances import Item, QueueEntry, Rank, SayRequest, UtteranceEnd

log = structlog.get_logger(__name__)

AFK = "{channel} is the AFK channel, where nobody is heard. Use another one."

_MUTED = (
    "I am muted in {channel}. Ask a moderator to unmute me, or to give me the permission Speak."
)

_MAX_FAILURES = 2  # of the connection, during one utterance


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue.

    before: utterances that are heard first. seconds_before: how long those last, an estimate.
    ended: resolves once, with how the utterance ended.
    """

    before: int
    seconds_before: float
    ended: asyncio.Future[UtteranceEnd]


class SkipOutcome(Enum):
    """What a wish to skip came to."""

    SKIPPED = auto()
    NOTHING_TO_SKIP = auto()
    NOT_YOURS = auto()


class GuildPlayer:
    """One guild's queue and connection. Everything but `join`, `leave` and `close` is immediate."""

    def __init__(
        self, bot: discord.Client, guild_id: int, pacer: Pacer, limits: VoiceLimits, lead: Lead
    ) -> None:
        self._guild_id = guild_id
        self._limits = limits
        self._keeper = ConnectionKeeper(bot, guild_id, limits, self)
        self._outlet = pacer.outlet(self._keeper.link)
        self._items: deque[Item] = deque()
        self._fetcher = Fetcher(self._items, lead, self._advance)
        self._alone_timer = Timer(self._leave_alone)
        self._hold_timer = Timer(self._encryption_overdue)
        self._closing = False

    # What members ask for.

    @property
    def channel(self) -> VocalChannel | None:
        """The channel the bot is in, or is trying to get back into; None while it leaves it."""
        return self._keeper.channel

    @property
    def alone(self) -> bool:
        """Whether nobody but bots is there to hear."""
        return self._keeper.link.alone

    @property
    def muted(self) -> bool:
        """Whether nobody would hear the bot, because it may not speak where it is."""
        return self._keeper.link.muted

    @property
    def unheard(self) -> str | None:
        """Why nobody would hear the bot where it is, and what to do; None if it may speak."""
        channel = self.channel
        if channel is None or not self.muted:
            return None
        afk = channel == channel.guild.afk_channel
        return (AFK if afk else _MUTED).format(channel=channel.mention)

    @property
    def privacy_code(self) -> str | None:
        """The call's code that members can compare with their own client's."""
        return self._keeper.link.privacy_code

    @property
    def prefetched_bytes(self) -> int:
        """Bytes of packets that wait to be heard."""
        return sum(item.track.buffered_bytes for item in self._items)

    @property
    def busy(self) -> bool:
        """Whether something is being said or waits to be said."""
        return bool(self._items)

    async def join(self, channel: VocalChannel, *, privileged: bool = False) -> JoinOutcome:
        """Connect to `channel`.

        privileged: also while something is said elsewhere, which then goes on in `channel`.
        """
        if self._closing:
            return JoinOutcome.SHUTTING_DOWN
        return await self._keeper.join(channel, privileged=privileged)

    async def leave(self) -> bool:
        """Stop, and leave the channel; whether the bot was in one.

        Raises `BusyError`, and stops nothing, if too much is going on already.
        """
        there = self.channel is not None
        left = self._keeper.leave()
        self._finish_all(UtteranceEnd.LEFT)
        await left
        return there

    @property
    def chatter_seconds(self) -> float:
        """How long the chatter lasts that waits and of which nothing was heard; an estimate."""
        return sum(item.seconds_left for item in self._unheard_chatter())

    def drop_chatter(self, which: Callable[[SayRequest], bool]) -> int:
        """Drop the chatter that `which` picks, and return how many texts that were.

        Of what is being heard, the sentence may end.
        """
        dropped = [item for item in self._items if _is_chatter(item) and which(item.request)]
        for item in reversed(dropped):
            if item.playing:
                item.cut(UtteranceEnd.DROPPED)
            else:
                self._finish(item, UtteranceEnd.DROPPED)
        return len(dropped)

    def trim_chatter(self, seconds: float) -> int:
        """Drop chatter of which nothing was heard, the oldest first, until `seconds` of it wait.

        There is also room for two more texts then. Returns how many were dropped.
        """
        waiting = self._unheard_chatter()
        most = self._limits.chatter_per_guild - 2
        dropped = 0
        while waiting and (self.chatter_seconds > seconds or len(waiting) > most):
            self._finish(waiting.pop(0), UtteranceEnd.DROPPED)
            dropped += 1
        return dropped

    def _unheard_chatter(self) -> list[Item]:
        return [item for item in self._items if _is_chatter(item) and not item.playing]

    def say(self, request: SayRequest, *, first: bool = False) -> Ticket:
        """Queue an utterance.

        first: before the chatter of which nothing was heard, for a text of that rank.

        Raises `BusyError` when the queue is full, `UserError` when the bot is in another
        channel or none, or muted there.
        """
        self._check(request.channel_id)
        self._check_room(request.member_id)
        ahead = self.snapshot()
        item = Item(request, self._heard)
        self._items.append(item)
        self._fetcher.wake()
        return Ticket(len(ahead), sum(entry.seconds_left for entry in ahead), item.ended)

    def skip(self, member_id: int, *, privileged: bool) -> SkipOutcome:
        """End the current utterance, if it is the member's own or the member is privileged."""
        if not self._items:
            return SkipOutcome.NOTHING_TO_SKIP
        if not privileged and self._items[0].request.member_id != member_id:
            return SkipOutcome.NOT_YOURS
        self._finish(self._items[0], UtteranceEnd.SKIPPED)
        return SkipOutcome.SKIPPED

    def stop(self) -> int:
        """End everything; returns how many utterances that were."""
        return self._finish_all(UtteranceEnd.STOPPED)

    def snapshot(self) -> tuple[QueueEntry, ...]:
        """Return the queue, the current utterance first."""
        return tuple(item.entry() for item in self._items)

    def voice_deleted(self, voice_id: int) -> None:
        """Drop what is to be said in a voice; the sentence that is being heard may end."""
        for item in reversed(self._in_voice(voice_id)):
            if item.playing:
                item.cut(UtteranceEnd.VOICE_DELETED)
            else:
                self._finish(item, UtteranceEnd.VOICE_DELETED)

    def voice_replaced(self, voice_id: int) -> None:
        """Have what waits in a voice spoken anew: it was fetched with the former recording."""
        for item in self._in_voice(voice_id):
            if not item.playing:
                item.begin_anew()
        self._fetcher.wake()

    def _in_voice(self, voice_id: int) -> list[Item]:
        return [item for item in self._items if item.request.voice_id == voice_id]

    async def close(self) -> None:
        """Refuse what comes, let the sentence in flight end (bounded), leave the channel."""
        self._closing = True
        current = self._items[0] if self._items else None
        for item in list(self._items)[1 if current and current.playing else 0 :]:
            self._finish(item, UtteranceEnd.SHUTTING_DOWN)
        if current is not None and not current.ended.done():
            current.cut(UtteranceEnd.SHUTTING_DOWN)
            await asyncio.wait([current.ended], timeout=self._limits.closing_seconds)
        self._finish_all(UtteranceEnd.SHUTTING_DOWN)
        self._alone_timer.cancel()
        await self._keeper.close()

    # What Discord tells.

    def presence_changed(self) -> None:
        """Look again who is in the channel; leave when alone for too long."""
        if not (self.alone):
            self._alone_timer.cancel()
        elif not self._alone_timer.running and not self._closing:
            self._alone_timer.start(self._limits.alone_seconds)

    def mute_changed(self) -> None:
        """Look again whether the bot may speak; a moderator who mutes it wants it silent."""
        if self.muted:
            self._finish_all(UtteranceEnd.MUTED)

    def gateway_lost(self) -> None:
        """Hear that the gateway connection broke."""
        self._keeper.gateway_lost()

    def gateway_resumed(self) -> None:
        """Hear that the gateway session goes on."""
        self._keeper.gateway_resumed()

    def gateway_renewed(self) -> None:
        """Hear that there is a new gateway session."""
        self._keeper.gateway_renewed()

    def guild_available(self) -> None:
        """Hear that the guild's channels are known again, after an outage or in a new session."""
        self._keeper.recover()

    def connected(self) -> None:
        """Go on, in a first or another connection; called by the keeper."""
        if self._items and self._items[0].playing:
            self._outlet.play(self._items[0].track)
        self.presence_changed()

    def disconnected(self, lost: bool) -> None:
        """Forget the queue; called by the keeper."""
        self._alone_timer.cancel()
        self._finish_all(UtteranceEnd.CONNECTION_LOST if lost else UtteranceEnd.DISCONNECTED)

    def _leave_alone(self) -> None:
        if self.alone:
            self._finish_all(UtteranceEnd.ALONE)
            self._keeper.leave_soon()

    # The queue.

    def _check(self, channel_id: int) -> None:
        if self._closing:
            raise UserError("I am shutting down. Try again in a few minutes.")
        if self.channel is None:
            raise UserError("I am in no voice channel any more. Send the text again.")
        if self.channel.id != channel_id:
            raise UserError(
                f"I am in {self.channel.mention} now. Join me there and send the text again."
            )
        if unheard := self.unheard:
            raise UserError(unheard)

    def _check_room(self, member_id: int) -> None:
        if len(self._items) >= self._limits.queue_per_guild:
            raise BusyError(
                f"{len(self._items)} texts are waiting already. Try again when some were heard."
            )
        own = sum(item.request.member_id == member_id for item in self._items)
        if own >= self._limits.queue_per_member:
            raise BusyError(
                f"{own} texts of yours are waiting already. Try again when some were heard."
            )

    def _advance(self) -> None:
        if not self._items:
            return
        head = self._items[0]
        if head.playing or not head.ready:
            return
        if head.silent:
            self._finish(head, UtteranceEnd.FAILED)
        else:
            head.playing = True
            self._outlet.play(head.track)

    def _heard(self, item: Item, event: TrackEvent) -> None:
        if not self._items or item is not self._items[0]:
            return  # sent before the utterance was ended
        match event:
            case TrackEvent.STARTED:
                item.report()
            case TrackEvent.SENTENCE:
                item.sentence_played()
            case TrackEvent.HELD:
                self._hold_timer.start(self._limits.encryption_seconds)
            case TrackEvent.RESUMED:
                self._hold_timer.cancel()
            case TrackEvent.FAILED:
                self._sending_failed(item)
            case TrackEvent.PLAYED:
                self._finish(item, item.natural_end)

    def _finish(self, item: Item, end: UtteranceEnd) -> None:
        if item.ended.done():
            return
        if item is self._items[0]:
            self._hold_timer.cancel()
            if item.playing and end is not UtteranceEnd.PLAYED:
                self._outlet.stop()
        self._items.remove(item)
        item.finish(end)
        self._fetcher.wake()
        self._advance()

    def _finish_all(self, end: UtteranceEnd) -> int:
        items = list(self._items)
        for item in reversed(items):  # the current one last, so that no other begins
            self._finish(item, end)
        return len(items)

    # A connection that cannot take packets.

    def _encryption_overdue(self) -> None:
        link = self._keeper.link
        if link.ready() or not self._items:
            return
        # Without a connection the keeper watches the time. Alone there is nobody to encrypt for:
        # the speech waits for somebody to come, or for the bot to leave.
        if link.connected and not link.alone:
            item = self._items[0]
            item.failures += 1
            if item.failures >= _MAX_FAILURES:
                self._finish(item, UtteranceEnd.ENCRYPTION_FAILED)
                return
            self._keeper.recover(force=True)
        self._hold_timer.start(self._limits.encryption_seconds)

    def _sending_failed(self, item: Item) -> None:
        error = repr(self._outlet.error)
        log.warning("sending failed", guild=self._guild_id, stage="voice", error=error)
        item.failures += 1
        if item.failures > _MAX_FAILURES:
            self._finish(item, UtteranceEnd.CONNECTION_LOST)
        else:
            self._keeper.recover(force=True)


def _is_chatter(item: Item) -> bool:
    return item.request.rank is Rank.CHATTER
