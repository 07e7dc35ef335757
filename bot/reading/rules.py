"""Which messages are read aloud."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum

from bot.i18n import N_
from bot.reading.facts import is_allowed, may_speak_in
from bot.reading.message import Author, ChatMessage
from bot.reading.place import Context, Place
from bot.reading.sayable import has_something_to_say, without_address
from bot.settings.guild import GuildSettings
from storage.forgotten import is_among

_MARKUP = " \t\n*_~|>`#-"  # of Discord, that may stand before the prefix


class SkipReason(StrEnum):
    """Why a message is not read; the values are told to people."""

    OWN = N_("I wrote it")
    BOT = N_("a bot wrote it")
    WEBHOOK = N_("a webhook wrote it")
    BLOCKED = N_("its author is blocked")
    MUTED = N_("its author is muted")
    MUTED_ROLE = N_("a role of its author is muted")
    MUTED_BY_THEMSELVES = N_("its author does not want to be read")
    ROLE_MISSING = N_("its author has no role that is read")
    NOT_IN_CALL = N_("its author is not in the voice channel")
    CHANNEL_NOT_ALLOWED = N_("its channel is not allowed")
    CALL_NOT_ALLOWED = N_("I may not speak in the voice channel")
    SILENT = N_("it was sent silently")
    PREFIX = N_("it begins with the mark that skips")
    EDITED = N_("it was edited")
    OLD = N_("it is older than the call")
    NOTHING_TO_SAY = N_("there is nothing to say in it")
    TOO_MANY = N_("its author writes too much")
    USED_UP = N_("its author or this server had all the speech that a day or a minute allows")
    REPEATED = N_("its author wrote the same before")
    NO_VOICE = N_("there is no voice for its author")


def skip_reason(message: ChatMessage, context: Context) -> SkipReason | None:
    """Return why a message is not read, None if it is. context: of its author."""
    return (
        refused_author(message.author, context)
        or _unwanted_author(message.author, context.guild)
        or _unwanted_place(message, context.guild, context.place)
        or _unwanted_message(message, context.guild, context.place)
        or nothing_to_say(message, context)
    )


def refused_author(author: Author, context: Context) -> SkipReason | None:
    """Return why nothing of somebody is spoken, also where it is asked for."""
    guild = context.guild
    if author.id == context.place.bot_id:
        return SkipReason.OWN
    if is_among(author.id, guild.blocked_members):
        return SkipReason.BLOCKED
    if is_among(author.id, guild.muted_members):
        return SkipReason.MUTED
    if author.roles.intersection(guild.muted_roles):
        return SkipReason.MUTED_ROLE
    return None if context.member.be_read else SkipReason.MUTED_BY_THEMSELVES


def nothing_to_say(message: ChatMessage, context: Context) -> SkipReason | None:
    """Return the reason where there is nothing in a message that can be said."""
    if has_something_to_say(message, context.guild, context.place.bot_id):
        return None
    return SkipReason.NOTHING_TO_SAY


def _unwanted_author(author: Author, guild: GuildSettings) -> SkipReason | None:
    # Webhooks and bots that are allowed have no roles to speak of, and are in no call.
    if author.webhook:
        return None if guild.read_webhooks else SkipReason.WEBHOOK
    if author.bot:
        return None if guild.read_bots else SkipReason.BOT
    needed = guild.read_roles if not author.manages else ()
    if needed and author.roles.isdisjoint(needed):
        return SkipReason.ROLE_MISSING
    if guild.only_in_call and not author.in_call:
        return SkipReason.NOT_IN_CALL
    return None


def _unwanted_place(message: ChatMessage, guild: GuildSettings, place: Place) -> SkipReason | None:
    if not may_speak_in(place.voice_channel_id, guild):
        return SkipReason.CALL_NOT_ALLOWED
    written_in = tuple(filter(None, (message.channel_id, message.parent_id)))
    # A voice channel's own chat is as allowed as the channel.
    if place.voice_channel_id not in written_in and not is_allowed(written_in, guild):
        return SkipReason.CHANNEL_NOT_ALLOWED
    if place.since is not None and message.names.typed_at < place.since:
        return SkipReason.OLD
    return None


def _unwanted_message(
    message: ChatMessage, guild: GuildSettings, place: Place
) -> SkipReason | None:
    if message.edited:
        return SkipReason.EDITED
    if message.silent:
        return SkipReason.SILENT
    text = without_address(message.content, place.bot_id)
    return SkipReason.PREFIX if begins_with_prefix(text, guild.skip_prefix) else None


def begins_with_prefix(text: str, prefix: str) -> bool:
    """Whether `text` begins with `prefix`, also behind spaces and the marks of Markdown.

    In any case of letters, and in any width: Japanese keyboards write `；`. A prefix of letters is
    a word of its own.
    """
    prefix = _alike(prefix)
    if not prefix:
        return False
    strips: tuple[Callable[[str], str], ...] = (str.strip, lambda t: t.lstrip(_MARKUP))
    for begin in (_alike(strip(text)) for strip in strips):
        behind = begin[len(prefix) : len(prefix) + 1]
        if begin.startswith(prefix) and not (prefix[-1].isalnum() and behind.isalnum()):
            return True
    return False


def _alike(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:200]).casefold()
