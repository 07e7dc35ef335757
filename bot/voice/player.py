"""What one guild hears: a bounded queue of utterances, played one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import discord

from bot.consent.recording import LiveRecording, RecordingEnd, RecordingLimits
from bot.errors import UserError
from bot.i18n import N_, _
from bot.operations.figures import UtteranceFacts
from bot.voice.fetcher import Lead
from bot.voice.keeper import ConnectionKeeper
from bot.voice.limits import VoiceLimits
from bot.voice.link import JoinOutcome, VocalChannel
from bot.voice.listening import Listening
from bot.voice.pacer import Pacer
from bot.voice.playback import Playback
from bot.voice.timer import Timer
from bot.voice.utterances import Item, QueueEntry, SayRequest, UtteranceEnd

AFK = N_("{channel} is the AFK channel, where nobody is heard. Use another one.")

_MUTED = N_(
    "I am muted in {channel}. Ask a moderator to unmute me, or to give me the permission Speak."
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue.

    before: utterances that are heard first. seconds_before: how long those last, an estimate.
    ended: resolves once, with how the utterance ended. held: a member is recording, and nothing is
    said before that has ended.
    """

    before: int
    seconds_before: float
    ended: asyncio.Future[UtteranceEnd]
    held: bool = False


class SkipOutcome(Enum):
    """What a wish to skip came to."""

    SKIPPED = auto()
    NOTHING_TO_SKIP = auto()
    NOT_YOURS = auto()


class GuildPlayer:
    """One guild's queue and connection. Everything but `join`, `leave` and `close` is immediate."""

    def __init__(
        self,
        bot: discord.Client,
        guild_id: int,
        pacer: Pacer,
        limits: VoiceLimits,
        lead: Lead,
        on_left: Callable[[bool], None] = lambda lost: None,
        on_heard: Callable[[VocalChannel, SayRequest], None] = lambda channel, request: None,
        on_spoken: Callable[[Item, UtteranceEnd], None] = lambda item, end: None,
        on_ended: Callable[[UtteranceFacts], None] = lambda facts: None,
    ) -> None:
        """Make a player. on_left, on_heard, on_spoken, on_ended: see `VoiceManager`."""
        self._on_left, self._on_heard = on_left, on_heard
        self._limits = limits
        self._keeper = ConnectionKeeper(bot, guild_id, limits, self)
        self._playback = Playback(
            guild_id, self._keeper, pacer, limits, lead, self._heard, on_spoken, on_ended
        )
        self._queue = self._playback.queue
        self._listening = Listening(guild_id, self._keeper.link)
        self._alone_timer = Timer(self._leave_alone)
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
        return _(AFK if afk else _MUTED).format(channel=channel.mention)

    @property
    def privacy_code(self) -> str | None:
        """The call's code that members can compare with their own client's."""
        return self._keeper.link.privacy_code

    @property
    def prefetched_bytes(self) -> int:
        """Bytes of packets that wait to be heard."""
        return sum(item.track.buffered_bytes for item in self._queue)

    @property
    def busy(self) -> bool:
        """Whether something is being said or waits to be said, or a member records."""
        return len(self._queue) > 0 or self.recording is not None

    @property
    def recording(self) -> LiveRecording | None:
        """The recording of a member that is going on."""
        return self._listening.recording

    async def record(self, member_id: int, limits: RecordingLimits | None = None) -> LiveRecording:
        """Begin to hear one member of the bot's channel, and nobody else.

        The bot is deaf before, and again when the recording has ended, however it does. One
        member a guild at a time; what is being said pauses meanwhile and goes on afterwards.

        Raises `UserError` when the member cannot be recorded now.
        """
        if self._closing:
            raise UserError(_("I am shutting down. Try again in a few minutes."))
        return await self._listening.record(member_id, limits)

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
        self._listening.end(RecordingEnd.BOT_LEFT)
        self._playback.finish_all(UtteranceEnd.LEFT)
        await left
        return there

    @property
    def chatter_seconds(self) -> float:
        """How long the chatter lasts of which nothing was heard; an estimate."""
        return self._queue.chatter_seconds

    def say(self, request: SayRequest, *, first: bool = False) -> Ticket:
        """Queue an utterance. first: of the chatter that may be left out; see `trim_chatter`.

        Raises `BusyError` when the queue is full, `UserError` when the bot is in another
        channel or none, or muted there.
        """
        self._check(request.channel_id)
        self._queue.check_room(request.rank, request.member_id, request.room)
        item = self._playback.add(request, first=first)
        place, seconds = self._queue.in_order().index(item), self._queue.wait_before(item)
        return Ticket(place, seconds, item.ended, held=self.recording is not None)

    def skip(self, member_id: int, *, privileged: bool) -> SkipOutcome:
        """End the current utterance, if it is the member's own or the member is privileged.

        Else the member's own that was heard in part and makes way for the current one.
        """
        current = [item for item in (self._queue.head, self._queue.paused) if item is not None]
        if not current:
            return SkipOutcome.NOTHING_TO_SKIP
        for item in current:
            if privileged or item.request.member_id == member_id:
                self._playback.finish(item, UtteranceEnd.SKIPPED)
                return SkipOutcome.SKIPPED
        return SkipOutcome.NOT_YOURS

    def drop_chatter(self, which: Callable[[SayRequest], bool]) -> int:
        """Drop the chatter that `which` picks, and return how many texts that were.

        Of what is being heard, the sentence may end.
        """
        chatter = [item for item in self._queue if item.chatter and not item.ending]
        dropped = [item for item in chatter if which(item.request)]
        self._playback.drop(dropped, UtteranceEnd.DROPPED)
        return len(dropped)

    def trim_chatter(self, seconds: float) -> int:
        """Drop chatter of which nothing was heard, the oldest first, until `seconds` of it wait.

        There is room for two more texts then. What is being made to be heard next stays. Returns
        how many were dropped.
        """
        excess = self._queue.excess_chatter(seconds)
        self._playback.drop(excess, UtteranceEnd.DROPPED)
        return len(excess)

    def stop(self) -> int:
        """End everything; returns how many utterances that were."""
        return self._playback.finish_all(UtteranceEnd.STOPPED)

    def snapshot(self) -> tuple[QueueEntry, ...]:
        """Return the queue, the current utterance first."""
        return tuple(item.entry() for item in self._queue)

    async def end_voice(self, voice_id: int, end: UtteranceEnd) -> None:
        """End all that is said or waits in a voice: silent from the next packet on.

        Returns when nothing is being made for it either.
        """
        await self._playback.end(self._in_voice(voice_id), end)

    async def ask_again(self, voice_id: int) -> None:
        """End what is said or waits in a voice and may be said no more, as `end_voice` does."""
        await self._playback.ask_again(self._in_voice(voice_id))

    def voice_replaced(self, voice_id: int) -> None:
        """Have what waits in a voice spoken anew: it was fetched with the former recording."""
        self._playback.begin_anew(self._in_voice(voice_id))

    async def forget(self, covers: Callable[[int], bool]) -> None:
        """End what members have said or record. covers: whether one is meant."""
        if self.recording is not None and covers(self.recording.member_id):
            self.recording.cancel()
        theirs = [item for item in self._queue if covers(item.request.member_id)]
        await self._playback.end(theirs, UtteranceEnd.STOPPED)

    def rules_changed(self) -> None:
        """Have what waits of /say fetched anew: whether it may be said is asked again then."""
        self._playback.begin_anew([item for item in self._queue if not item.chatter])

    def _in_voice(self, voice_id: int) -> list[Item]:
        return [item for item in self._queue if item.request.voice_id == voice_id]

    async def close(self) -> None:
        """Refuse what comes, let the sentence in flight end (bounded), leave the channel."""
        self._closing = True
        await self._listening.close()
        current = self._queue.head
        self._playback.drop(list(self._queue), UtteranceEnd.SHUTTING_DOWN)
        if current is not None and not current.ended.done():
            await asyncio.wait([current.ended], timeout=self._limits.closing_seconds)
        self._playback.finish_all(UtteranceEnd.SHUTTING_DOWN)
        self._alone_timer.cancel()
        await self._keeper.close()

    # What Discord tells.

    def presence_changed(self) -> None:
        """Look again who is in the channel; leave when alone for too long."""
        if not (self.alone):
            self._alone_timer.cancel()
        elif not self._alone_timer.running and not self._closing:
            self._alone_timer.start(self._limits.alone_seconds)

    def voice_changed(self, member: discord.Member, after: discord.VoiceState) -> None:
        """Hear of anybody's new voice state in the guild."""
        self._listening.voice_changed(member, after)

    def mute_changed(self) -> None:
        """Look again whether the bot may speak; a moderator who mutes it wants it silent."""
        if self.muted:
            self._playback.finish_all(UtteranceEnd.MUTED)

    def gateway_lost(self) -> None:
        """Hear that the gateway connection broke."""
        self._keeper.gateway_lost()
        self._listening.gateway_lost()

    def gateway_resumed(self) -> None:
        """Hear that the gateway session goes on."""
        self._keeper.gateway_resumed()
        self._listening.gateway_back()

    def gateway_renewed(self) -> None:
        """Hear that there is a new gateway session."""
        self._keeper.gateway_renewed()
        self._listening.end(RecordingEnd.CONNECTION_LOST)
        self._listening.gateway_back()

    def guild_available(self) -> None:
        """Hear that the guild's channels are known again, after an outage or in a new session."""
        self._keeper.recover()

    def connected(self) -> None:
        """Go on, in a first or another connection; called by the keeper."""
        self._playback.reconnected()
        self.presence_changed()
        self._listening.stay_deaf()

    def interrupted(self, removed: bool) -> None:
        """End a recording with the connection that it came over; called by the keeper."""
        self._listening.end(RecordingEnd.BOT_LEFT if removed else RecordingEnd.CONNECTION_LOST)
        self._listening.stay_deaf()

    def disconnected(self, lost: bool) -> None:
        """Forget the queue; called by the keeper."""
        self._alone_timer.cancel()
        self._listening.end(RecordingEnd.CONNECTION_LOST if lost else RecordingEnd.BOT_LEFT)
        self._playback.finish_all(
            UtteranceEnd.CONNECTION_LOST if lost else UtteranceEnd.DISCONNECTED
        )
        self._on_left(lost)

    def _heard(self, request: SayRequest) -> None:
        if self.channel is not None:
            self._on_heard(self.channel, request)

    def _leave_alone(self) -> None:
        if self.alone:
            self._playback.finish_all(UtteranceEnd.ALONE)
            self._keeper.leave_soon()

    # The queue.

    def _check(self, channel_id: int) -> None:
        if self._closing:
            raise UserError(_("I am shutting down. Try again in a few minutes."))
        if self.channel is None:
            raise UserError(_("I am in no voice channel any more. Send the text again."))
        if self.channel.id != channel_id:
            raise UserError(
                _("I am in {channel} now. Join me there and send the text again.").format(
                    channel=self.channel.mention
                )
            )
        if unheard := self.unheard:
            raise UserError(unheard)
