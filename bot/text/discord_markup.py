"""Discord's markup, as it is in a raw text: mentions, timestamps, emoji, code, spoilers.

https://docs.discord.com/developers/reference#message-formatting lists it. Damaged markup is read
like the whole one as far as it can be told, so that no id is ever read as a number.
"""

from __future__ import annotations

import re

from bot.text.dictionary import NO_ENTRIES, Entries
from bot.text.kept import KeptWords
from bot.text.names import Names, clean_name
from bot.text.timestamps import timestamp_words
from bot.text.words import Words, words_of

_CODE_BLOCK = re.compile(r"```.*?```|```[^`]*\Z", re.DOTALL)
_SPOILER = re.compile(r"\|\|[^|]+(?:\|(?!\|)[^|]*)*\|\|")
_INLINE_CODE = re.compile(r"``?([^`]+)``?")
_ESCAPE = re.compile(r"\\([*_~`|<>@#:\[\]()\\-])")

_MENTION = re.compile(r"(?:<+\s*@\s*([!&]?)|@(?=[!&]?\d{17}))\s*[!&]?(\d{1,25})\s*>*")
_CHANNEL = re.compile(r"<+\s*#\s*(\d{1,25})\s*>*")
_COMMAND = re.compile(r"<\s*/\s*([^<>:\n]{1,100}?)\s*:\s*\d{1,25}\s*>?")
_TIMESTAMP = re.compile(r"<\s*t\s*:\s*(-?\d{1,25})(?:\s*:\s*([A-Za-z])\b)?\s*>?")
_EMOJI = re.compile(r"<+\s*a?\s*:\s*(\w{1,64})\s*:\s*(?:\d{1,25}\s*>*|>+)")
_NAVIGATION = re.compile(r"<\s*id\s*:\s*([a-z][a-z-]{0,30})(?:\s*:\s*\d{0,25})?\s*>", re.IGNORECASE)
_SHORT_CODE = re.compile(r"(?<![\w:]):([A-Za-z][A-Za-z0-9_+-]{1,31}):(?![\w:])")
_EMPTY = re.compile(
    r"<(?:@[!&]?|#|/|t:|id:|a?::?)\s*>"
    r"|</?(?:a|b|i|u|s|p|br|hr|em|li|ol|ul|h[1-6]|pre|div|span|code|strong)\s*/?>",
    re.IGNORECASE,
)  # and HTML, which Discord does not know
_ALL = re.compile(r"(?<!\w)@\s?(everyone|here)\b")
_OTHER_TAG = re.compile(r"<[\w/@#:&!~ -]{1,40}?\d{13,25}[\w: -]{0,40}>?")
_NAMED = re.compile(r"(?<!\S)[@#](?=[^\W\d_])")  # typed by hand: @anna, #general
_ID = re.compile(r"(?<!\w)\d{17,20}(?!\w)")
_LONG_NUMBER = re.compile(r"\d{13,}")
_BROKEN = re.compile(r"<+\s*(@[^\s<>]{0,100})>?")


def read_code_and_spoilers(text: str, words: Words, kept: KeptWords) -> str:
    """Return `text` with code blocks and spoilers named, and the marks of inline code gone."""
    text = _CODE_BLOCK.sub(lambda block: kept.keep(words.code), text)
    text = _INLINE_CODE.sub(lambda code: code[1].replace("|", " "), text)
    text = _SPOILER.sub(lambda spoiler: kept.keep(words.spoiler), text)
    return _ESCAPE.sub(r"\1", text)


def read_markup(
    text: str,
    language: str | None,
    names: Names,
    kept: KeptWords,
    entries: Entries = NO_ENTRIES,
) -> str:
    """Return `text` with everything that is written in angle brackets in words."""
    words = words_of(language)

    def name(shown: str) -> str:
        return entries.replace(clean_name(shown))

    def emoji(match: re.Match[str]) -> str:
        said = entries.exact(f":{match[1]}:")
        return kept.keep_emoji(clean_name(match[1]) if said is None else said)

    def mention(match: re.Match[str]) -> str:
        known, unknown = (
            (names.roles, words.role) if "&" in match[0] else (names.members, words.someone)
        )
        return kept.keep(name(known.get(int(match[2]), "")) or unknown)

    def channel(match: re.Match[str]) -> str:
        return kept.keep(name(names.channels.get(int(match[1]), "")) or words.channel)

    def timestamp(match: re.Match[str]) -> str:
        moment = timestamp_words(int(match[1]), match[2] or "f", language, names.typed_at)
        return kept.keep(moment or words.time)

    text = _EMOJI.sub(emoji, text)
    text = _TIMESTAMP.sub(timestamp, _EMPTY.sub(" ", text))
    text = _CHANNEL.sub(channel, _MENTION.sub(mention, text))
    text = _COMMAND.sub(lambda match: kept.keep(clean_name(match[1])), text)
    text = _NAVIGATION.sub(lambda match: kept.keep(_place(match[1], words)), text)
    text = _ALL.sub(lambda match: kept.keep(getattr(words, match[1])), text)
    text = _SHORT_CODE.sub(emoji, text)
    return _OTHER_TAG.sub(lambda match: kept.keep(words.id), text)


def read_ids(text: str, words: Words, kept: KeptWords) -> str:
    """Return `text` without ids, and with other long numbers digit by digit."""
    text = _NAMED.sub("", _BROKEN.sub(r"\1", text))
    text = _ID.sub(lambda match: kept.keep(words.id), text)
    return read_long_numbers(text)


def read_long_numbers(text: str) -> str:
    """Return `text` with each number of 13 digits or more digit by digit."""
    return _LONG_NUMBER.sub(lambda match: " ".join(match[0]), text)


def _place(name: str, words: Words) -> str:
    places = {
        "customize": words.customize,
        "browse": words.browse,
        "guide": words.guide,
        "linked-roles": words.linked_roles,
    }
    return places.get(name.lower(), clean_name(name))
