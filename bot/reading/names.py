"""How members are called when they are read aloud."""

from __future__ import annotations

from dataclasses import replace

from bot.i18n import _, in_locale
from bot.reading.message import Author, ChatMessage
from bot.reading.place import Context
from bot.settings.service import SettingsService
from bot.text.names import clean_name
from bot.text.sentences import is_speakable

MAX_SPOKEN_NAME = 32
"""Characters of a name that are said before a message; longer ones end behind a word."""

MOST_WISHES = 20
"""Members mentioned in one message who are called as they wish."""


def name_of(author: Author, context: Context) -> str:
    """Return how a member is called, as they wish if that can be said."""
    with in_locale(context.place.locale):
        return short_name(context.member.spoken_name or "") or spoken_name(author.name)


def spoken_name(name: str) -> str:
    """Return how a shown name is said, in the current language if there is nothing to say in it."""
    said = short_name(name)
    return said if said else _("Somebody")


def short_name(name: str) -> str:
    """Return a name of anything as it is said, cut where it is long; "" for one without letters."""
    said = clean_name(name)
    if not is_speakable(said):
        return ""
    if len(said) <= MAX_SPOKEN_NAME:
        return said
    begin = said[: MAX_SPOKEN_NAME + 1].rpartition(" ")[0]
    return begin if is_speakable(begin) else said[:MAX_SPOKEN_NAME]


async def with_wished_names(message: ChatMessage, settings: SettingsService) -> ChatMessage:
    """Return a message in which members are called as they wish. Raises StorageError."""

    async def wished(member_id: int) -> str:
        member = await settings.member(message.guild_id, member_id)
        return short_name(member.spoken_name or "")

    members, reply_to = dict(message.names.members), message.reply_to
    for member_id in list(members)[:MOST_WISHES]:
        members[member_id] = await wished(member_id) or members[member_id]
    if message.reply_to_id is not None:
        reply_to = await wished(message.reply_to_id) or reply_to
    return replace(message, names=replace(message.names, members=members), reply_to=reply_to)
