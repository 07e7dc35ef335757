"""What is said when a member enters the voice channel or leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.i18n import in_locale
from bot.reading import phrases
from bot.reading.facts import may_speak_in
from bot.reading.languages import language_of
from bot.reading.message import Author
from bot.reading.names import name_of
from bot.reading.place import Context
from bot.reading.rules import SkipReason, refused_author
from bot.reading.sayable import is_sayable
from bot.reading.spoken import SpokenPart, in_parts, joined


def greeting_in(context: Context) -> str:
    """Return what a member wishes to be greeted with, "" for nothing."""
    wished = context.member.greeting or ""
    return wished if context.guild.greetings and is_sayable(wished) else ""


def without_greeting(context: Context) -> Context:
    """Return what holds for a member who is not greeted now."""
    return replace(context, member=context.member.model_copy(update={"greeting": None}))


def is_noticed(author: Author, context: Context) -> bool:
    """Whether coming and going is spoken of: of members, unless they are muted by an admin."""
    if author.bot or not may_speak_in(context.place.voice_channel_id, context.guild):
        return False
    return refused_author(author, context) in (None, SkipReason.MUTED_BY_THEMSELVES)


def entrance(author: Author, context: Context, language: str) -> tuple[SpokenPart, ...]:
    """Return what is said when a member comes: that they are there, their greeting, or nothing.

    language: ISO 639-1 code of what they write.
    """
    greeting = greeting_in(context)
    announced = _announced(phrases.joins, author, context)
    return joined((*announced, SpokenPart(greeting, language_of(greeting, language))))


def departure(author: Author, context: Context, language: str) -> tuple[SpokenPart, ...]:
    """Return what is said when a member goes, or nothing; as `entrance` does."""
    return joined(_announced(phrases.leaves, author, context))


def _announced(
    phrase: Callable[[str], str], author: Author, context: Context
) -> Iterator[SpokenPart]:
    if context.guild.announce_joins:
        name, locale = name_of(author, context), context.place.locale
        with in_locale(locale):
            text = phrase(name)
        yield from in_parts(text, [name], locale)
