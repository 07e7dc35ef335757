"""Rows of the audit trail for people: a sentence each, in the current language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.consent.levels import NAMES as LEVELS
from bot.i18n import N_, _, listed, ngettext
from bot.settings.catalogue import definition
from bot.settings.definition import Picker
from bot.settings.guild import GuildSettings
from bot.settings.words import NameOf, plain_id, shown
from storage.audit_rows import AuditRow, Who
from storage.setting_values import DEFAULT_VOICE

MOST_NAMED = 10
"""Members and roles of one row; the rest is counted."""

KINDS: Mapping[str, str] = {
    "spoken": N_("Spoken"),
    "enrolled": N_("Voice enrolled"),
    "consent": N_("Consent given"),
    "replaced": N_("Recording replaced"),
    "restored": N_("Recording brought back"),
    "renamed": N_("Voice renamed"),
    "tuned": N_("Voice tuned"),
    "deleted": N_("Voice deleted"),
    "shared": N_("Voice shared"),
    "paused": N_("Voice paused"),
    "resumed": N_("Voice resumed"),
    "blocked": N_("Member blocked"),
    "unblocked": N_("Member unblocked"),
    "reported": N_("Speech reported"),
    "setting": N_("Setting changed"),
    "dictionary": N_("Dictionary changed"),
    "exported": N_("Data exported"),
    "erased": N_("Data deleted"),
    "key": N_("Key changed"),
    "left": N_("Server left"),
    "rejoined": N_("Server joined again"),
    "unrecorded": N_("Speech not written down"),
}
"""The kinds of rows, by what they are called; at most 25, which Discord shows as choices."""

_SENTENCES: Mapping[str, str] = {
    "enrolled": N_("{who} enrolled {voice} ({level})"),
    "consent": N_("{who} consented to {voice} ({level})"),
    "replaced": N_("{who} gave {voice} another recording ({level})"),
    "restored": N_("{who} brought back the former recording of {voice} ({level})"),
    "renamed": N_("{who} renamed {former} to {voice}"),
    "tuned": N_("{who} tuned {voice}"),
    "deleted": N_("{who} deleted {voice}"),
    "paused": N_("{who} paused {voice}"),
    "resumed": N_("{who} let {voice} speak again"),
    "blocked": N_("{who} blocked {member}"),
    "unblocked": N_("{who} unblocked {member}"),
    "reported": N_("{who} reported how {voice} was used by {speaker}"),
    "exported": N_("{who} had data exported"),
    "erased": N_("The data of {member} was deleted"),
    "key": N_("{who} sealed the recordings with another key"),
    "left": N_("I left the server"),
    "rejoined": N_("I came back to the server"),
}
_REACHES: Mapping[str, str] = {
    "owner": N_("only its owner"),
    "named": N_("whom its owner names"),
    "everybody": N_("everybody here"),
}
_SPOKEN: Mapping[str, str] = {
    "say": N_("{who} spoke as {voice}, {seconds:.1f} s"),
    "read": N_("{who} was read aloud as {voice}, {seconds:.1f} s"),
    "file": N_("{who} had a file made of {voice}, {seconds:.1f} s"),
}


@dataclass(frozen=True, slots=True)
class Naming:
    """How members, texts and what settings hold are shown where a row is read."""

    member: Callable[[int], str] = str
    text: Callable[[str], str] = str
    other: NameOf = plain_id


def sentence(row: AuditRow, naming: Naming = Naming()) -> str:
    """Return what a row tells, on one line, in the current language."""
    match row.kind:
        case "spoken":
            return _spoken(row, naming)
        case "shared":
            return _shared(row, naming)
        case "setting":
            return _setting(row, naming)
        case "dictionary":
            return _dictionary(row, naming)
        case "key" if row.data.get("plain"):
            return _("{who} opened the sealed recordings").format(who=who(row.actor, naming))
        case "unrecorded":
            return _unrecorded(_count(row))
        case kind if kind in _SENTENCES:
            return _(_SENTENCES[kind]).format(**_values(row, naming))
        case kind:  # of a newer version
            return f"{kind}: {who(row.actor, naming)}"


def who(whom: Who, naming: Naming = Naming()) -> str:
    """Return who somebody is, in the current language."""
    match whom:
        case None:
            return _("somebody")
        case "operator":
            return _("the operator")
        case "bot":
            return _("the bot")
        case "deleted":
            return _("a deleted member")
        case member_id:
            return naming.member(member_id)


def _values(row: AuditRow, naming: Naming) -> dict[str, str]:
    level = LEVELS.get(row.data.get("level", ""), "")
    return {
        "who": who(row.actor, naming),
        "member": who(row.subject, naming),
        "speaker": _people(row, "speaker", naming) or _("somebody"),
        "voice": _voice(row.voice, naming),
        "former": _voice(row.texts.get("former_name"), naming),
        "level": _(level),
    }


def _voice(name: str | None, naming: Naming) -> str:
    if name is None:
        return _("a deleted voice")
    return _("“{name}”").format(name=naming.text(name))


def _spoken(row: AuditRow, naming: Naming) -> str:
    template = _SPOKEN.get(str(row.data.get("way")), _SPOKEN["say"])
    speaker = _("a webhook") if row.data.get("webhook") else who(row.actor, naming)
    seconds, voice = row.seconds or 0.0, _voice(row.voice, naming)
    told = str(_(template).format(who=speaker, voice=voice, seconds=seconds))
    text = row.texts.get("text")
    return f"{told}: {naming.text(' '.join(text.split()))}" if text else told


def _shared(row: AuditRow, naming: Naming) -> str:
    reach = _REACHES.get(str(row.data.get("reach")), "")
    text = _("{who} set who may speak as {voice}: {reach}")
    told = text.format(who=who(row.actor, naming), voice=_voice(row.voice, naming), reach=_(reach))
    return told + _came_and_went(row, naming)


def _came_and_went(row: AuditRow, naming: Naming) -> str:
    """Return which members and roles were added and removed, to be put behind a sentence."""

    told = ""
    for part, text in (("added", N_("; added: {names}")), ("removed", N_("; removed: {names}"))):
        roles = [naming.other(Picker.ROLE, role) for role in row.data.get(f"{part}_roles", ())]
        names = [*_names(row, part, naming), *roles]
        if names:
            told += _(text).format(names=_first_of(names))
    return told


def _people(row: AuditRow, part: str, naming: Naming) -> str:
    return _first_of(_names(row, part, naming))


def _names(row: AuditRow, part: str, naming: Naming) -> list[str]:
    return [who(member, naming) for member in row.members.get(part, ())]


def _first_of(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return listed(names)
    more = len(names) - MOST_NAMED
    text = ngettext("{names} and {count} more", "{names} and {count} more", more)
    return text.format(names=listed(names[:MOST_NAMED]), count=more)


def _setting(row: AuditRow, naming: Naming) -> str:
    key = str(row.data.get("key"))
    if key not in GuildSettings.model_fields:  # of a newer version
        return _("{who} changed “{setting}”").format(who=who(row.actor, naming), setting=key)
    setting = _(definition(GuildSettings, key).label)
    if row.members:
        told = _("{who} changed “{setting}”").format(who=who(row.actor, naming), setting=setting)
        return told + _came_and_went(row, naming)
    text = _("{who} set “{setting}” to: {after} (before: {before})")
    before, after = (_value(key, row.data.get(part), naming) for part in ("before", "after"))
    return text.format(who=who(row.actor, naming), setting=setting, before=before, after=after)


def _value(key: str, stored: Any, naming: Naming) -> str:
    about = definition(GuildSettings, key)
    if key == DEFAULT_VOICE:
        return _(about.empty) if stored is None else _("voice {number}").format(number=stored)
    settings = GuildSettings.from_stored({} if stored is None else {key: stored})
    return naming.text(shown(about, getattr(settings, key), naming.other))


def _dictionary(row: AuditRow, naming: Naming) -> str:
    count, entry = _count(row), row.texts.get("entry")
    if row.data.get("change") == "removed":
        text = ngettext(
            "{who} removed {count:,} entry from the server's dictionary",
            "{who} removed {count:,} entries from the server's dictionary",
            count,
        )
    else:
        text = ngettext(
            "{who} set {count:,} entry in the server's dictionary",
            "{who} set {count:,} entries in the server's dictionary",
            count,
        )
    told = text.format(who=who(row.actor, naming), count=count)
    return f"{told}: {naming.text(entry)}" if entry else told


def _unrecorded(count: int) -> str:
    text = ngettext(
        "{count:,} utterance could not be written down",
        "{count:,} utterances could not be written down",
        count,
    )
    return text.format(count=count)


def _count(row: AuditRow) -> int:
    count = row.data.get("count")
    return count if isinstance(count, int) else 0
