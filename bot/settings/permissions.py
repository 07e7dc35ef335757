"""Who may do what where: pure functions of a guild's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.i18n import _, listed, ngettext
from bot.settings.guild import GuildSettings
from storage.forgotten import is_among

MOST_NAMED = 5
"""Roles and channels that a refusal names."""

SPEAKING = frozenset({"blocked_members", "say_roles", "others_voices_roles", "voice_channels"})
"""The keys of the settings that decide whether a text may be spoken."""


class Action(Enum):
    """What a member wants to do."""

    ENROL = auto()
    SAY = auto()
    """Have a text spoken."""
    CALL = auto()
    """Call the bot into a voice channel, also to read there."""
    BE_READ = auto()
    """Have one's chat read aloud."""
    CHOOSE = auto()
    """Hear a voice without a voice channel, or choose it as one's default."""
    CHANGE = auto()
    """End what the bot does, or change what it stores; not to delete what is one's own."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Who asks. roles: ids, the role of everybody among them. manages: has Manage Server."""

    id: int
    roles: frozenset[int] = frozenset()
    manages: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where. text: the channel that is written in and, of a thread, its parent. voice: where it
    would be spoken; None where nothing is spoken. guild: the server; 0 is none.
    """

    text: tuple[int, ...] = ()
    voice: int | None = None
    guild: int = 0


def refusal(
    action: Action,
    member: MemberFacts,
    place: Place,
    settings: GuildSettings,
) -> str | None:
    """Return why a member may not do something, and what to do; None if they may.

    Whoever manages the server needs none of the roles, but keeps to the channels. In whose voice
    they may do it, `bot.consent.access` decides.
    """
    return (
        _blocked(member, settings)
        or _without_role(action, member, settings)
        or _wrong_text_channel(place, settings)
        or _wrong_voice_channel(place, settings)
    )


def dictionary_refusal(member: MemberFacts, settings: GuildSettings) -> str | None:
    """Return why a member may not change the server's dictionary; None if they may."""
    roles = settings.dictionary_roles
    if member.manages or not member.roles.isdisjoint(roles):
        return None
    if not roles:
        return _("You need the permission Manage Server to change the dictionary of this server.")
    return _(
        "Only members with one of these roles can change the dictionary of this server: {roles}. "
        "{ask}"
    ).format(
        roles=mentions(roles, "@&"),
        ask=_("Somebody with the permission Manage Server can give you one, or change that."),
    )


def _blocked(member: MemberFacts, settings: GuildSettings) -> str | None:
    if not is_among(member.id, settings.blocked_members):
        return None
    return _(
        "You are blocked from using me on this server. Somebody with the permission Manage Server "
        "can change that."
    )


def _without_role(action: Action, member: MemberFacts, settings: GuildSettings) -> str | None:
    match action:
        case Action.ENROL:
            roles = settings.enrol_roles
            text = _("Only members with one of these roles can enrol a voice here: {roles}. {ask}")
        case Action.SAY:
            roles = settings.say_roles
            text = _("Only members with one of these roles can have me speak here: {roles}. {ask}")
        case Action.BE_READ:
            roles = settings.read_roles
            text = _("Only members with one of these roles are read aloud here: {roles}. {ask}")
        case _:
            return None
    if has_one_of(member, roles):
        return None
    ask = _("Somebody with the permission Manage Server can give you one, or change that.")
    return text.format(roles=mentions(roles, "@&"), ask=ask)


def has_one_of(member: MemberFacts, roles: Sequence[int]) -> bool:
    """Whether a member has one of the roles that were chosen, or needs none."""
    return not roles or member.manages or not member.roles.isdisjoint(roles)


def _wrong_text_channel(place: Place, settings: GuildSettings) -> str | None:
    # The chat of a voice channel in which I may speak belongs to it.
    channels = settings.text_channels
    if not place.text or not channels or {*channels, *settings.voice_channels} & {*place.text}:
        return None
    return _("I cannot be used in this channel. Use one of these: {channels}.").format(
        channels=mentions(channels, "#")
    )


def _wrong_voice_channel(place: Place, settings: GuildSettings) -> str | None:
    channels = settings.voice_channels
    if place.voice is None or not channels or place.voice in channels:
        return None
    return _("I may not speak in {here}. Join one of these: {channels}.").format(
        here=f"<#{place.voice}>", channels=mentions(channels, "#")
    )


def mentions(ids: Sequence[int], mark: str) -> str:
    """Return roles ("@&") or channels ("#") as Discord shows them, at most `MOST_NAMED`."""
    named = listed(f"<{mark}{identifier}>" for identifier in ids[:MOST_NAMED])
    if len(ids) <= MOST_NAMED:
        return named
    more = len(ids) - MOST_NAMED
    text = ngettext("{names} and {count} more", "{names} and {count} more", more)
    return text.format(names=named, count=more)
