"""What a moderation channel is told: events, and a line for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.i18n import _, ngettext
from bot.markup import literal, named, one_line, quoted
from bot.settings.catalogue import Definition, Kind, definition
from bot.settings.definition import Picker
from bot.settings.guild import GuildSettings
from bot.settings.words import NameOf, shown
from storage.forgotten import is_stand_in

FIRST_CHARACTERS = 80
"""Of a text that was spoken."""

MOST_OF_ENTRY = 120
"""Characters of an entry of a dictionary."""

MOST_CHARACTERS = 400
"""Of a line."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A voice was made, or given another recording."""

    member_id: int
    voice: str
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Deleted:
    """A voice was deleted. owner_id: None for nobody's."""

    member_id: int
    voice: str
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class SettingSet:
    """A setting was changed. member_id: None for the operator.

    value, before: as in the model, what it is now and what it was. voice: the name of the voice
    that it holds now.
    """

    member_id: int | None
    key: str
    value: Any
    before: Any
    voice: str | None = None


@dataclass(frozen=True, slots=True)
class EntrySet:
    """An entry of the server's dictionary was set or removed. entry: as it is listed."""

    member_id: int
    entry: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class EntriesImported:
    """So many entries of a file were taken into the server's dictionary."""

    member_id: int
    count: int


@dataclass(frozen=True, slots=True)
class DictionaryCleared:
    """All entries of the server's dictionary were removed, so many."""

    member_id: int
    count: int


@dataclass(frozen=True, slots=True)
class TextSpoken:
    """A text was handed in to be spoken. channel_id: where it is heard. read: it was chat.

    webhook: the name of whom a webhook wrote it for, who is no member.
    """

    member_id: int
    voice: str
    text: str
    channel_id: int
    read: bool = False
    webhook: str | None = None


Event: TypeAlias = (
    Enrolled | Deleted | SettingSet | EntrySet | EntriesImported | DictionaryCleared | TextSpoken
)


def line(event: Event, name_of: NameOf) -> str:
    """Return what is written about an event, in the current language, on one line."""
    return _cut(_line(event, name_of), MOST_CHARACTERS)


def _line(event: Event, name_of: NameOf) -> str:
    match event:
        case Enrolled(replaced=True):
            text = _("🎙️ {member} gave the voice {voice} another recording.")
            return text.format(member=_who(event.member_id), voice=quoted(event.voice))
        case Enrolled():
            text = _("🎙️ {member} enrolled the voice {voice}.")
            return text.format(member=_who(event.member_id), voice=quoted(event.voice))
        case Deleted():
            return _deleted(event)
        case SettingSet():
            return _set(event, name_of)
        case EntrySet():
            return _entry(event)
        case EntriesImported() | DictionaryCleared():
            return _entries(event)
        case TextSpoken():
            return _said(event)


def _deleted(event: Deleted) -> str:
    member, voice = _who(event.member_id), quoted(event.voice)
    if event.owner_id in (None, event.member_id):
        return _("🗑️ {member} deleted the voice {voice}.").format(member=member, voice=voice)
    text = _("🗑️ {member} deleted the voice {voice} of {owner}.")
    return text.format(member=member, voice=voice, owner=_who(event.owner_id))


def _set(event: SettingSet, name_of: NameOf) -> str:
    about = definition(GuildSettings, event.key)
    member, setting = _who(event.member_id), _(about.label)
    if about.kind is Kind.SEVERAL and event.value and event.before:
        text = _("⚙️ {member} changed “{setting}”; added: {added}; removed: {removed}")
        added = tuple(each for each in event.value if each not in event.before)
        removed = tuple(each for each in event.before if each not in event.value)
        return text.format(
            member=member,
            setting=setting,
            added=_members(about, added, name_of),
            removed=_members(about, removed, name_of),
        )
    if about.picker is Picker.VOICE:
        value = quoted(event.voice) if event.voice is not None else _value(about, None, name_of)
        text = _("⚙️ {member} set “{setting}” to: {value}")
        return text.format(member=member, setting=setting, value=value)
    value, before = (_value(about, each, name_of) for each in (event.value, event.before))
    text = _("⚙️ {member} set “{setting}” to: {value} (before: {before})")
    return text.format(member=member, setting=setting, value=value, before=before)


def _value(about: Definition, value: Any, name_of: NameOf) -> str:
    text = shown(about, value, name_of)
    return literal(one_line(text, MOST_OF_ENTRY)) if about.kind is Kind.TEXT else text


def _members(about: Definition, ids: tuple[int, ...], name_of: NameOf) -> str:
    return shown(about, ids, name_of) if ids else _("none")


def _entry(event: EntrySet) -> str:
    text = _("📖 {member} set in the dictionary of this server: {entry}")
    if event.removed:
        text = _("📖 {member} removed from the dictionary of this server: {entry}")
    return text.format(
        member=_who(event.member_id), entry=literal(one_line(event.entry, MOST_OF_ENTRY))
    )


def _entries(event: EntriesImported | DictionaryCleared) -> str:
    if isinstance(event, EntriesImported):
        text = ngettext(
            "📖 {member} imported {count:,} entry into the dictionary of this server.",
            "📖 {member} imported {count:,} entries into the dictionary of this server.",
            event.count,
        )
    else:
        text = ngettext(
            "📖 {member} removed {count:,} entry, all of the dictionary of this server.",
            "📖 {member} removed {count:,} entries, all of the dictionary of this server.",
            event.count,
        )
    return text.format(member=_who(event.member_id), count=event.count)


def _said(event: TextSpoken) -> str:
    text = _("💬 {member} wrote, read in {channel} as {voice}: {words}")
    if not event.read:
        text = _("💬 {member} spoke in {channel} as {voice}: {words}")
    words = literal(one_line(event.text, FIRST_CHARACTERS))
    where = f"<#{event.channel_id}>"
    who = named(event.webhook) if event.webhook else _who(event.member_id)
    return text.format(member=who, channel=where, voice=quoted(event.voice), words=words)


def _who(member_id: int | None) -> str:
    if member_id is not None and is_stand_in(member_id):
        return _("A member who deleted their data")
    return f"<@{member_id}>" if member_id is not None else _("My operator")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
