"""Chat in, what is said out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Awaitable, Callable
from functools import partial

from bot.i18n import in_locale
from bot.reading import phrases
from bot.reading.backlog import hurry
from bot.reading.entrances import departure, entrance, greeting_in, is_noticed, without_greeting
from bot.reading.facts import voices_for
from bot.reading.languages import usual_language
from bot.reading.message import Author, ChatMessage
from bot.reading.names import name_of, with_wished_names
from bot.reading.place import Context, Place
from bot.reading.reading import Reading, Said
from bot.reading.repeats import written
from bot.reading.room import Rooms
from bot.reading.rules import SkipReason, nothing_to_say, refused_author, skip_reason
from bot.reading.sayable import look_closely
from bot.reading.speaker import Speaker, Speakers
from bot.reading.spoken import SpokenPart, left_out_parts, read_by, spoken_parts
from bot.settings.member import MemberSettings
from bot.settings.rate import MinuteLimit
from bot.settings.service import SettingsService
from bot.text.engine_reads import WORDS, EngineReads

GREETINGS_A_MINUTE = 1
"""Of one member, who may come and go more often."""


async def _always(_guild_id: int, _member_id: int) -> bool:
    return True


class ReadingService:
    """Decides what is read aloud, by whom and in which words; what it remembers is bounded.

    The way of a message: `read` when it arrives, `begin` when its synthesis begins, `ended` when it
    was heard, dropped or could not be queued.
    """

    def __init__(
        self,
        settings: SettingsService,
        speakers: Speakers,
        reads: Callable[[], EngineReads] = lambda: WORDS,
        clock: Callable[[], float] = time.monotonic,
        most_characters: int = 3000,
        may_be_read: Callable[[int, int], Awaitable[bool]] = _always,
    ) -> None:
        """Take what it asks.

        may_be_read: counts a message of a guild's member, or says that there is no room for it.
        reads: which languages the engine speaks. clock: in s. most_characters: of any text that is
        spoken; a message may become half as long again when its emoji are named.
        """
        self._settings, self._speakers = settings, speakers
        self._may_be_read = may_be_read
        self._reads, self._clock = reads, clock
        self._most_characters = most_characters * 2 // 3
        self._rooms = Rooms()
        self._limit, self._greetings = MinuteLimit(clock), MinuteLimit(clock)

    async def read(self, message: ChatMessage, place: Place) -> Reading | SkipReason:
        """Return what a message that arrived comes to. Raises StorageError."""
        await look_closely(message, place.bot_id)
        context = await self._context(message.guild_id, message.author.id, place)
        reason = skip_reason(message, context) or self._flood(message, context)
        if reason is None and not await self._may_be_read(message.guild_id, message.author.id):
            reason = SkipReason.USED_UP
        return reason or await self._reading(message, context, message.author)

    async def speak_this(
        self, message: ChatMessage, place: Place, *, voice_of: Author
    ) -> Reading | SkipReason:
        """Return a message that a member asked to hear, in the voice of `voice_of`.

        The rules for chat do not hold, but who is not to be read is not read. Raises StorageError.
        """
        await look_closely(message, place.bot_id)
        context = await self._context(message.guild_id, message.author.id, place)
        reason = refused_author(message.author, context) or nothing_to_say(message, context)
        return reason or await self._reading(message, context, voice_of)

    async def joined(self, guild_id: int, author: Author, place: Place) -> Reading | None:
        """Return what is said when a member comes: that they are there, their greeting, or both.

        In their voice where they are greeted, which is once a minute, else in the server's. None
        where nothing is to be said. Raises StorageError.
        """
        context = await self._context(guild_id, author.id, place)
        if greeting_in(context) and self._greetings.take(guild_id, author.id, GREETINGS_A_MINUTE):
            context = without_greeting(context)
        if not greeting_in(context):
            speaker = await self._servers_speaker(guild_id, context)
            return self._passing(guild_id, author, context, speaker, entrance)
        speaker = await self._speaker(guild_id, author, context)
        greeting = self._passing(guild_id, author, context, speaker, entrance)
        return dataclasses.replace(greeting, speaks=author) if greeting is not None else None

    async def left(self, guild_id: int, author: Author, place: Place) -> Reading | None:
        """Return what is said when a member goes, as `joined` does."""
        context = await self._context(guild_id, author.id, place)
        speaker = await self._servers_speaker(guild_id, context)
        return self._passing(guild_id, author, context, speaker, departure)

    async def left_out(self, guild_id: int, texts: int, place: Place) -> Reading | None:
        """Return the notice of texts that were dropped because too many waited.

        It is to be heard before all chatter that waits. texts: all that were dropped, an older
        notice among them; each was told to `ended` before. None where one waits already, or where
        there is no voice for it. Raises StorageError.
        """
        left_out = self._rooms.of(guild_id).left_out
        if not left_out.dropped(texts):
            return None
        speaker = None
        try:
            context = await self._context(guild_id, 0, place)
            speaker = await self._servers_speaker(guild_id, context)
        finally:
            if speaker is None:
                left_out.no_notice()
        if speaker is None:
            return None
        parts = left_out_parts(left_out.untold, place)
        return Reading(guild_id, 0, speaker, context, lambda name: parts, told=0)

    async def has_voice_for_all(self, guild_id: int) -> bool:
        """Whether there is a voice for members without one of their own. Raises StorageError."""
        guild = await self._settings.guild(guild_id)
        may_use = voices_for(None, guild_id, guild)
        return await self._speakers.of_guild(guild_id, may_use) is not None

    async def crowd(self, guild_id: int, joined: int, left: int, place: Place) -> Reading | None:
        """Return what is said when many came and went at once, as `joined` does."""
        context = await self._context(guild_id, 0, place)
        if not context.guild.announce_joins:
            return None
        return await self._notice(guild_id, context, partial(phrases.crowd, joined, left))

    async def back(self, guild_id: int, place: Place) -> Reading | None:
        """Return what is said when reading goes on after a restart; None without a voice for it.

        Raises StorageError.
        """
        return await self._notice(guild_id, await self._context(guild_id, 0, place), phrases.back)

    async def _notice(
        self, guild_id: int, context: Context, text: Callable[[], str]
    ) -> Reading | None:
        """Return what nobody wrote, in the server's voice and language; None without a voice."""
        speaker = await self._servers_speaker(guild_id, context)
        if speaker is None:
            return None
        with in_locale(context.place.locale):
            parts = (SpokenPart(text(), context.place.locale),)
        return Reading(guild_id, 0, speaker, context, lambda name: parts)

    def begin(self, reading: Reading, *, waiting_seconds: float = 0.0) -> Said:
        """Return what is said, when its synthesis begins, in the order of speech.

        Names and what was left out are decided here, because what is queued may never be heard.
        Asked again for the same reading, it returns the same. waiting_seconds: how much chatter
        waits, this included.
        """
        if reading.said is None:
            guild = reading.context.guild
            pace = hurry(waiting_seconds, guild.backlog_seconds) if guild.hurry else 1.0
            reading.said = Said(read_by(self._reads(), self._parts(reading)), pace)
        return reading.said

    def interrupted(self, guild_id: int, member_id: int) -> None:
        """Hear that a member has something spoken by a command, between what is read."""
        self._rooms.of(guild_id).announcer.interrupted(member_id)

    def ended(self, reading: Reading, *, heard: bool = True) -> None:
        """Hear that a reading is over. heard: whether any of it was."""
        room = self._rooms.of(reading.guild_id)
        if reading.told is not None and not heard:
            room.left_out.notice_dropped(reading.told)
        if reading.repeats and heard:
            room.repeats.heard(reading.member_id, reading.repeats, self._clock())
        elif reading.repeats:
            room.repeats.dropped(reading.member_id, reading.repeats)

    def forget(self, guild_id: int) -> None:
        """Forget who spoke and what was left out, when the bot leaves."""
        self._rooms.forget(guild_id)

    def forget_members(self, covers: Callable[[int, int], bool]) -> None:
        """Forget who spoke, wrote and was greeted. covers: whether a guild's member is meant."""
        self._rooms.forget_members(covers)
        self._limit.forget(covers)
        self._greetings.forget(covers)

    async def _context(self, guild_id: int, user_id: int, place: Place) -> Context:
        guild = await self._settings.guild(guild_id)
        if guild.max_characters > self._most_characters:
            guild = guild.model_copy(update={"max_characters": self._most_characters})
        member = await self._settings.member(guild_id, user_id) if user_id else MemberSettings()
        return Context(place, guild, member)

    async def _speaker(self, guild_id: int, author: Author, context: Context) -> Speaker | None:
        may_use = voices_for(author, guild_id, context.guild)
        return await self._speakers.of_member(guild_id, author.id, may_use)

    async def _servers_speaker(self, guild_id: int, context: Context) -> Speaker | None:
        """Return the voice for what nobody wrote: one that is everybody's."""
        may_use = voices_for(None, guild_id, context.guild)
        return await self._speakers.of_guild(guild_id, may_use)

    def _flood(self, message: ChatMessage, context: Context) -> SkipReason | None:
        """Return why a member is not read who writes too much, or the same again; count it else."""
        guild_id, author = message.guild_id, message.author.id
        if self._limit.take(guild_id, author, context.guild.reads_per_minute):
            return SkipReason.TOO_MANY
        if self._rooms.of(guild_id).repeats.is_repeated(author, written(message), self._clock()):
            return SkipReason.REPEATED
        return None

    async def _reading(
        self, message: ChatMessage, context: Context, voice_of: Author
    ) -> Reading | SkipReason:
        speaker = await self._speaker(message.guild_id, voice_of, context)
        if speaker is None:
            return SkipReason.NO_VOICE
        author = message.author
        speaker = dataclasses.replace(speaker, own=speaker.own and voice_of.id == author.id)
        language = usual_language(context, speaker)
        message = await with_wished_names(message, self._settings)
        return Reading(
            message.guild_id,
            author.id,
            speaker,
            context,
            partial(spoken_parts, message, context, language),
            message.names,
            message_id=message.id,
            name=name_of(author, context),
            repeats=written(message),
            webhook=author.name if author.webhook else None,
            own=await self._own_settings(message, voice_of),
            speaks=voice_of,
        )

    async def _own_settings(self, message: ChatMessage, voice_of: Author) -> MemberSettings | None:
        if voice_of.id == message.author.id:
            return None
        return await self._settings.member(message.guild_id, voice_of.id)

    def _passing(
        self,
        guild_id: int,
        author: Author,
        context: Context,
        speaker: Speaker | None,
        said: Callable[[Author, Context, str], tuple[SpokenPart, ...]],
    ) -> Reading | None:
        """Return what is `said` of somebody who comes or goes; None for nothing."""
        if speaker is None or not is_noticed(author, context):
            return None
        parts = said(author, context, usual_language(context, speaker))
        kind = said.__name__
        repeats = self._rooms.of(guild_id).repeats
        if not parts or repeats.is_repeated(author.id, kind, self._clock()):
            return None
        return Reading(guild_id, author.id, speaker, context, lambda name: parts, repeats=kind)

    def _parts(self, reading: Reading) -> tuple[SpokenPart, ...]:
        room, context = self._rooms.of(reading.guild_id), reading.context
        if reading.told is not None:
            reading.told = room.left_out.take()
            room.announcer.interrupted()
            return left_out_parts(reading.told, context.place)
        if reading.name is None:
            room.announcer.interrupted()
            return reading.compose(None)
        name = room.announcer.name_for(
            reading.member_id,
            reading.name,
            voice_id=reading.speaker.voice.id,
            own=reading.speaker.own,
            when=context.guild.announce_names,
            now=self._clock(),
        )
        return reading.compose(name)
