"""Whether a message has anything in it that can be said."""

from __future__ import annotations

import re

from bot.errors import UserError
from bot.reading.languages import language_of
from bot.reading.message import ChatMessage
from bot.settings.guild import GuildSettings
from bot.text.plan import clean_text

_WORD = re.compile("[^\\W\\d_\u1100-\u11ff\u3131-\u318e]{3,}")  # Korean laughs in lone letters
_LOOKED_AT = 300  # characters: a longer text without a word has none that matter
_ROOM = 10_000  # what cleaning makes of that


def has_something_to_say(message: ChatMessage, guild: GuildSettings, bot_id: int) -> bool:
    """Whether anything of a message is said."""
    if message.attachments or message.stickers or message.forwarded is not None or message.poll:
        return True
    titles = message.embeds if guild.read_embeds else ()
    return any(is_sayable(text) for text in (without_address(message.content, bot_id), *titles))


def is_sayable(text: str) -> bool:
    """Whether cleaning leaves anything of a raw text: a word, a digit, an emoji; no mere marks."""
    if _WORD.search(text[:_LOOKED_AT]):
        return True  # saves cleaning it twice
    try:
        language = language_of(text, "en")
        clean_text(text[:_LOOKED_AT], max_characters=_ROOM, language=language)
    except UserError:
        return False
    return True


def without_address(content: str, bot_id: int) -> str:
    """Return what is said to the bot, without its name before or behind, as in `@Mynah hello`."""
    mention = rf"<@!?{bot_id}>"
    content = re.sub(rf"^(?:\s*{mention}[\s,:]*)+", "", content)
    return re.sub(rf"(?:[\s,]*{mention}\s*)+$", "", content)
