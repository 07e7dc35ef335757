"""What a moderation channel is told: events, and a line for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.i18n import _, ngettext
from bot.markup import literal
from bot.settings.catalogue import Kind, definition
from bot.settings.guild import GuildSettings
from bot.settings.words import NameOf, shown

FIRST_CHARACTERS = 80
"""Of a text that was spoken."""

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
    """A setting was changed. member_id: None for the operator. value: as in the model.

    voice: the name of the voice that it holds.
    """

    member_id: int | None
    key: str
    value: Any
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
class Said:
    """A text was handed in to be spoken. channel_id: where it is heard. read: it was chat."""

    member_id: int
    voice: str
    text: str
    channel_id: int
    read: bool = False


Event: TypeAlias = (
    Enrolled | Deleted | SettingSet | EntrySet | EntriesImported | DictionaryCleared | Said
)


def line(event: Event, name_of: NameOf) -> str:
    """Return what is written about an event, in the current language, on one line."""
    return _cut(_line(event, name_of), MOST_CHARACTERS)


def _line(event: Event, name_of: NameOf) -> str:
    match event:
        case Enrolled(replaced=True):
            text = _("🎙️ {member} gave the voice {voice} another recording.")
            return text.format(member=_who(event.member_id), voice=_quoted(event.voice))
        case Enrolled():
            text = _("🎙️ {member} enrolled the voice {voice}.")
            return text.format(member=_who(event.member_id), voice=_quoted(event.voice))
        case Deleted():
            return _deleted(event)
        case SettingSet():
            return _set(event, name_of)
        case EntrySet():
            return _entry(event)
        case EntriesImported() | DictionaryCleared():
            return _entries(event)
        case Said():
            return _said(event)


def _deleted(event: Deleted) -> str:
    member, voice = _who(event.member_id), _quoted(event.voice)
    if event.owner_id in (None, event.member_id):
        return _("🗑️ {member} deleted the voice {voice}.").format(member=member, voice=voice)
    text = _("🗑️ {member} deleted the voice {voice} of {owner}.")
    return text.format(member=member, voice=voice, owner=_who(event.owner_id))


def _set(event: SettingSet, name_of: NameOf) -> str:
    about = definition(GuildSettings, event.key)
    value = shown(about, event.value, name_of)
    if about.kind is Kind.TEXT:
        value = literal(value)
    elif event.voice is not None:
        value = _quoted(event.voice)
    text = _("⚙️ {member} set “{setting}” to: {value}")
    return text.format(member=_who(event.member_id), setting=_(about.label), value=value)


def _entry(event: EntrySet) -> str:
    text = _("📖 {member} set in the dictionary of this server: {entry}")
    if event.removed:
        text = _("📖 {member} removed from the dictionary of this server: {entry}")
    return text.format(member=_who(event.member_id), entry=literal(event.entry))


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


def _said(event: Said) -> str:
    text = _("💬 {member} wrote, read in {channel} as {voice}: {words}")
    if not event.read:
        text = _("💬 {member} spoke in {channel} as {voice}: {words}")
    words = literal(_cut(" ".join(event.text.split()), FIRST_CHARACTERS))
    where = f"<#{event.channel_id}>"
    who = _who(event.member_id)
    return text.format(member=who, channel=where, voice=_quoted(event.voice), words=words)


def _who(member_id: int | None) -> str:
    return f"<@{member_id}>" if member_id is not None else _("My operator")


def _quoted(name: str) -> str:
    return f"“{literal(name)}”"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
