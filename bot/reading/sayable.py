"""Whether a message has anything in it that can be said."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Iterator
from dataclasses import replace

from bot.errors import UserError
from bot.reading.languages import language_of
from bot.reading.message import ChatMessage
from bot.settings.guild import GuildSettings
from bot.text.dictionary import Dictionary
from bot.text.plan import clean_text

_WORD = re.compile("[^\\W\\d_\u1100-\u11ff\u3131-\u318e]{3,}")  # Korean laughs in lone letters
_LOOKED_AT = 300  # characters: a longer text without a word has none that matter
_ROOM = 10_000  # what cleaning makes of that


async def look_closely(message: ChatMessage, bot_id: int) -> None:
    """Clean in a thread what has to be cleaned to know; the first of a kind takes 0.2 s."""
    content = without_address(message.content, bot_id)
    for text in (content, message.forwarded or "", *message.embeds):
        if text and not _WORD.search(text[:_LOOKED_AT]):
            await asyncio.to_thread(is_sayable, text)


def is_of_marks(message: ChatMessage) -> bool:
    """Whether a message is short and has no word, so that only a dictionary may know what it says.

    As it is typed, without cleaning.
    """
    return len(message.content) <= _LOOKED_AT and not _WORD.search(message.content)


def with_entries(message: ChatMessage, dictionary: Dictionary) -> ChatMessage:
    """Return a message of marks alone, such as ":)", as what a dictionary says of it; any other
    as it is. May take a while, as `look_closely` does.
    """
    if is_sayable(message.content):
        return message
    try:
        said = clean_text(message.content, max_characters=_ROOM, dictionary=dictionary)
    except UserError:
        return message
    return replace(message, content=said)


def has_something_to_say(message: ChatMessage, guild: GuildSettings, bot_id: int) -> bool:
    """Whether anything of a message is said."""
    if message.attachments or message.stickers or message.forwarded is not None or message.poll:
        return True
    return any(map(is_sayable, _texts(message, guild, bot_id)))


def _texts(message: ChatMessage, guild: GuildSettings, bot_id: int) -> Iterator[str]:
    yield without_address(message.content, bot_id)
    if guild.read_embeds:
        yield from message.embeds


def is_sayable(text: str) -> bool:
    """Whether cleaning leaves anything of a raw text: a word, a digit, an emoji; no mere marks."""
    text = text[:_LOOKED_AT].strip()
    return bool(_WORD.search(text)) or _leaves_something(text)  # the former saves cleaning twice


@functools.lru_cache(maxsize=512)
def _leaves_something(text: str) -> bool:
    try:
        clean_text(text, max_characters=_ROOM, language=language_of(text, "en"))
    except UserError:
        return False
    return True


def without_address(content: str, bot_id: int) -> str:
    """Return what is said to the bot, without its name before or behind, as in `@Mynah hello`."""
    content = content.strip()
    names = (f"<@{bot_id}>", f"<@!{bot_id}>")
    while content.startswith(names):
        content = content.partition(">")[2].lstrip(" \t\n,:")
    while content.endswith(names):
        content = content.rpartition("<")[0].rstrip(" \t\n,")
    return content
