"""What is said of a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.i18n import in_locale
from bot.reading import phrases
from bot.reading.cut import cut_text
from bot.reading.languages import language_of
from bot.reading.message import ChatMessage
from bot.reading.names import spoken_name
from bot.reading.place import Context, Place
from bot.reading.sayable import is_sayable, without_address
from bot.settings.guild import GuildSettings
from bot.text.engine_reads import EngineReads

MOST_TITLES = 3
"""Embeds of one message whose titles are said."""

_PAUSE = "\n\n"  # a paragraph ends like a sentence, whatever it ends with


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A part of what is said, in one language, because an engine is told one a text.

    text: raw, to be cleaned with the message's names by `bot.text`. language: ISO 639-1 code.
    """

    text: str
    language: str


def spoken_parts(
    message: ChatMessage, context: Context, language: str, name: str | None
) -> tuple[SpokenPart, ...]:
    """Return what is said of a message, in order; parts beside each other differ in language.

    language: ISO 639-1 code of what its author writes as a rule. name: how its author is called
    before it, None for not at all.
    """
    with in_locale(context.place.locale):
        return joined(_Composition(message, context.guild, context.place, language).parts(name))


def left_out_parts(count: int, place: Place) -> tuple[SpokenPart, ...]:
    """Return what is said of messages that were dropped."""
    with in_locale(place.locale):
        return (SpokenPart(phrases.left_out(count), place.locale),)


def read_by(reads: EngineReads, parts: Iterable[SpokenPart]) -> tuple[SpokenPart, ...]:
    """Return the parts in the languages that an engine speaks, which may be one for all."""
    return joined(SpokenPart(p.text, reads.language(p.language) or p.language) for p in parts)


def joined(parts: Iterable[SpokenPart]) -> tuple[SpokenPart, ...]:
    """Return the parts that say something, those of one language beside each other together."""
    together: list[SpokenPart] = []
    for part in parts:
        if not is_sayable(part.text):
            continue
        if together and together[-1].language == part.language:
            part = SpokenPart(together.pop().text + _PAUSE + part.text, part.language)
        together.append(part)
    return tuple(together)


def in_parts(text: str, names: Iterable[str | None], locale: str) -> Iterator[SpokenPart]:
    """Yield a phrase with the names in it, those in letters of another language by themselves."""
    for name in filter(None, names):
        language = language_of(name, locale)
        if language != locale and name in text:
            before, _, text = text.partition(name)
            yield SpokenPart(before.strip(), locale)
            yield SpokenPart(name, language)
    yield SpokenPart(text.strip(), locale)


@dataclass(frozen=True, slots=True)
class _Composition:
    """The parts of one message; in the place's locale."""

    message: ChatMessage
    guild: GuildSettings
    place: Place
    language: str

    def parts(self, name: str | None) -> Iterator[SpokenPart]:
        """Yield what is said; the name stands in the first phrase alone."""
        answered = self._answered()
        if answered:
            yield from self._phrase(phrases.answers(name, answered), name, answered)
            name = None
        for each in (self._content, self._forward, self._poll, self._embeds, self._things):
            said = tuple(each(name))
            yield from said
            name = None if said else name

    def _answered(self) -> str | None:
        other = self.message.reply_to
        if other is None or other == self.message.author.name:
            return None
        return spoken_name(other)

    def _content(self, name: str | None) -> Iterator[SpokenPart]:
        content = without_address(self.message.content, self.place.bot_id)
        if is_sayable(content):
            yield from self._says(name)
            yield from self._text(content)

    def _forward(self, name: str | None) -> Iterator[SpokenPart]:
        forwarded = self.message.forwarded
        if forwarded is None:
            return
        if is_sayable(forwarded):
            yield from self._phrase(phrases.forwards(name), name)
            yield from self._text(forwarded)
        elif self._named_things():
            yield from self._phrase(phrases.forwards(name), name)
        else:
            yield from self._phrase(phrases.forwards_something(name), name)

    def _poll(self, name: str | None) -> Iterator[SpokenPart]:
        if self.message.poll:
            yield from self._phrase(phrases.asks(name), name)
            yield from self._text(self.message.poll)

    def _embeds(self, name: str | None) -> Iterator[SpokenPart]:
        titles = [title for title in self.message.embeds if is_sayable(title)][:MOST_TITLES]
        if titles and self.guild.read_embeds:
            yield from self._phrase(phrases.shows(name), name)
            yield from self._text(_PAUSE.join(titles))

    def _things(self, name: str | None) -> Iterator[SpokenPart]:
        if named := self._named_things():
            yield from self._phrase(phrases.sends(name, named), name)

    def _named_things(self) -> str:
        message = self.message
        return phrases.things(message.attachments, message.stickers, self.place.locale)

    def _text(self, text: str) -> Iterator[SpokenPart]:
        beginning, was_cut = cut_text(text, self.guild.max_characters)
        yield SpokenPart(beginning, language_of(text, self.language, self.place.language))
        if was_cut:
            yield from self._phrase(phrases.and_so_on())

    def _says(self, name: str | None) -> Iterator[SpokenPart]:
        language = language_of(name or "", self.place.locale)
        if name is None or language == self.place.locale:
            yield from self._phrase(phrases.says(name))
        else:  # alone: "says" would be too, and a lone word is badly spoken
            yield SpokenPart(f"{name}:", language)

    def _phrase(self, text: str, *names: str | None) -> Iterator[SpokenPart]:
        return in_parts(text, names, self.place.locale)
