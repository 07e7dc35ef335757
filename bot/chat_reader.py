"""From a chat message to the guild's player: what `bot.reading` decides is queued and spoken."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog

from bot.dictionary.service import DictionaryService
from bot.errors import EngineDeadError, UserError
from bot.moderation import TextSpoken
from bot.reading.message import ChatMessage
from bot.reading.place import Context, Place
from bot.reading.reading import Reading
from bot.reading.rules import SkipReason, skip_reason
from bot.reading.sayable import is_of_marks, with_entries
from bot.reading.service import ReadingService
from bot.reading.spoken import SpokenPart
from bot.settings.delivery import guild_delivery, member_delivery
from bot.settings.service import SettingsService
from bot.speech.delivery import Delivery, combined
from bot.speech.desk import SpeechDesk
from bot.speech.service import Utterance
from bot.speech.types import Speech, VoiceReference
from bot.speech.voice_settings import delivery_of, settings_of
from bot.voice.limits import Room
from bot.voice.player import GuildPlayer, Ticket
from bot.voice.utterances import Progress, Rank, SayRequest, UtteranceEnd
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

USES_SECONDS = 60.0


class Right(Protocol):
    """Whether somebody may still speak in a voice."""

    async def refusal(self) -> str | None:
        """Return why they may not; None if they may."""

    async def reference(self) -> VoiceReference:
        """Return where the engine finds the voice now; raises UserError where they may not."""


Tell: TypeAlias = Callable[[int, TextSpoken], None]
"""Hears, with the guild's id, what was handed in to be spoken."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A member who asked to hear something: whose turn it takes, and who follows it."""

    member_id: int
    right: Right
    on_progress: Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Turn:
    reading: Reading
    right: Right
    delivery: Delivery
    player: GuildPlayer


class ChatReader:
    """Reads messages aloud through the players of their guilds."""

    def __init__(
        self,
        reading: ReadingService,
        settings: SettingsService,
        speech: SpeechDesk,
        dictionary: DictionaryService,
        rights: Callable[[Reading], Right],
        tell: Tell,
        count_uses: Callable[[Mapping[int, int]], Awaitable[None]],
        watch: Callable[[VoiceProfile], None],
    ) -> None:
        """Take the services.

        rights: of whom a reading is spoken for. count_uses: stores how often voices were used, by
        id; asked at most once in `USES_SECONDS`, because each time writes to the disk. watch: takes
        a voice in which something waits, so that queue, caches and engine hear when it changes.
        """
        self._reading, self._settings = reading, settings
        self._speech, self._rights, self._tell = speech, rights, tell
        self._dictionary = dictionary
        self._count_uses, self._watch = count_uses, watch
        self._uses: Counter[int] = Counter()
        self._counted_at = time.monotonic()
        self._engine_lost = False
        self._waiting: dict[int, tuple[ChatMessage, Place]] = {}  # by the message's id

    async def read(
        self, message: ChatMessage, place: Place, player: GuildPlayer
    ) -> SkipReason | None:
        """Queue a message as chatter; return why it is not read, if so.

        Raises StorageError, and what `GuildPlayer.say` raises.
        """
        message = await self._as_entries_say(message)
        reading = await self._reading.read(message, place)
        if isinstance(reading, SkipReason):
            return reading
        ticket = await self._queue(reading, place, player)
        self._waiting[message.id] = message, place
        ticket.ended.add_done_callback(lambda _: self._waiting.pop(message.id, None))
        self._uses[reading.speaker.voice.id] += 1
        if time.monotonic() - self._counted_at >= USES_SECONDS:
            await self.store_uses()
        return None

    async def store_uses(self) -> None:
        """Store which voices were used since it was done last. Raises nothing."""
        uses, self._uses = self._uses, Counter()
        self._counted_at = time.monotonic()
        if uses:
            await self._count_uses(uses)

    async def _as_entries_say(self, message: ChatMessage) -> ChatMessage:
        """Return what the dictionary makes of a message that has no word, such as a face."""
        if not is_of_marks(message):
            return message
        dictionary = await self._dictionary.of(message.guild_id, message.author.id)
        if dictionary is None:
            return message
        return await asyncio.to_thread(with_entries, message, dictionary)

    async def announce(self, reading: Reading, place: Place, player: GuildPlayer) -> None:
        """Queue what nobody wrote, such as that somebody came. Raises as `read` does."""
        await self._queue(reading, place, player)

    def say(self, reading: Reading, place: Place, player: GuildPlayer, asker: Asker) -> Ticket:
        """Queue what a member asked to hear, as a command. Raises what `GuildPlayer.say` raises."""
        return self._put(self._request(reading, place, player, asker), reading, player)

    def _request(
        self, reading: Reading, place: Place, player: GuildPlayer, asker: Asker | None = None
    ) -> SayRequest:
        voice, context = reading.speaker.voice, reading.context
        right = asker.right if asker else self._rights(reading)
        own = member_delivery(reading.own or context.member)
        delivery = combined(guild_delivery(context.guild), delivery_of(voice), own)
        return SayRequest(
            member_id=asker.member_id if asker else reading.member_id or place.bot_id,
            channel_id=place.voice_channel_id,
            voice_name=voice.name,
            text=reading.text,
            sentences=1,
            spoken=reading.spoken,
            speak=lambda due: self._speak(_Turn(reading, right, delivery, player), due),
            on_progress=asker.on_progress if asker else lambda progress: None,
            voice_id=voice.id,
            owner_id=voice.owner_id,
            refusal=right.refusal,
            rank=Rank.SAY if asker else Rank.CHATTER,
            message_id=reading.message_id,
            webhook=None if asker else reading.webhook,
            speed=delivery.speed,
            room=Room(context.guild.server_queue, context.guild.queue_per_member),
        )

    def withdraw(self, message_ids: Collection[int], player: GuildPlayer) -> None:
        """Drop messages that wait, as if they had never been written: they were deleted."""
        waiting = self._waiting.keys() & set(message_ids)
        player.drop_chatter(lambda request: request.message_id in waiting)

    def withdraw_channel(self, channel_id: int, player: GuildPlayer) -> None:
        """Drop what waits of a channel that is not read any more."""
        messages = [message for message, _ in self._waiting.values()]
        self.withdraw([each.id for each in messages if each.channel_id == channel_id], player)

    async def check_again(self, guild_id: int, player: GuildPlayer) -> None:
        """Drop what waits and would not be read now: a setting changed. Raises StorageError."""
        guild = await self._settings.guild(guild_id)
        gone = []
        for message, place in list(self._waiting.values()):
            if message.guild_id == guild_id:
                member = await self._settings.member(guild_id, message.author.id)
                if skip_reason(message, Context(place, guild, member)) is not None:
                    gone.append(message.id)
        self.withdraw(gone, player)

    async def _queue(self, reading: Reading, place: Place, player: GuildPlayer) -> Ticket:
        """Queue a reading as chatter, for which the oldest of what waits may have to go."""
        try:
            left_out = player.trim_chatter(reading.context.guild.backlog_seconds)
            if left_out:
                await self._tell_left_out(left_out, reading.guild_id, place, player)
        except BaseException:
            self._reading.ended(reading, heard=False)
            raise
        return self._put(self._request(reading, place, player), reading, player)

    async def _tell_left_out(
        self, texts: int, guild_id: int, place: Place, player: GuildPlayer
    ) -> None:
        await asyncio.sleep(0)  # until all that were dropped have told so
        notice = await self._reading.left_out(guild_id, texts, place)
        if notice is not None:
            self._put(self._request(notice, place, player), notice, player, first=True)

    def _put(
        self, request: SayRequest, reading: Reading, player: GuildPlayer, *, first: bool = False
    ) -> Ticket:
        self._watch(reading.speaker.voice)
        try:
            ticket = player.say(request, first=first)
        except BaseException:
            self._reading.ended(reading, heard=False)
            raise
        if reading.message_id is not None:
            self._tell(reading.guild_id, _said(request))
        ticket.ended.add_done_callback(
            lambda ended: self._reading.ended(reading, heard=_was_heard(ended.result()))
        )
        return ticket

    async def _speak(self, turn: _Turn, due: Callable[[], float]) -> AsyncGenerator[Speech, None]:
        said = self._reading.begin(turn.reading, waiting_seconds=turn.player.chatter_seconds)
        delivery = turn.delivery.faster(said.hurry)
        for part in said.parts:
            utterance = await self._utterance(turn, part, delivery)
            async with contextlib.aclosing(self._sentences(utterance, due)) as sentences:
                async for speech in sentences:
                    yield speech

    async def _utterance(self, turn: _Turn, part: SpokenPart, delivery: Delivery) -> Utterance:
        reading = turn.reading
        return Utterance(
            part.text,
            await turn.right.reference(),
            guild_id=reading.guild_id,
            language=part.language,
            voice_settings=settings_of(reading.speaker.voice),
            names=reading.names,
            dictionary=await self._dictionary.of(reading.guild_id, reading.member_id),
            current_voice=turn.right.reference,
            delivery=delivery,
            repeats=reading.context.guild.cache_phrases,
        )

    async def _sentences(
        self, utterance: Utterance, due: Callable[[], float]
    ) -> AsyncGenerator[Speech, None]:
        try:
            utterance = await self._speech.planned(utterance)
        except UserError:  # nothing in this part can be said
            return
        async with contextlib.aclosing(self._speech.speak(utterance, due)) as sentences:
            try:
                async for speech in sentences:
                    self._engine_lost = False
                    yield speech
            except EngineDeadError as error:
                if not self._engine_lost:  # once, and not for every message
                    log.error("nothing can be said", guild=utterance.guild_id, stage="engine",
                              error=str(error))  # fmt: skip
                self._engine_lost = True
                raise


def _said(request: SayRequest) -> TextSpoken:
    chatter = request.rank is Rank.CHATTER
    return TextSpoken(
        request.member_id,
        request.voice_name,
        request.text,
        request.channel_id,
        read=chatter,
        webhook=request.webhook,
    )


def _was_heard(end: UtteranceEnd) -> bool:
    """Whether any of it was heard, as far as that matters: it was not if it was left out."""
    return end is not UtteranceEnd.DROPPED
