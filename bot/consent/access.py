"""Who may speak as a voice: the one function that decides."""

from __future__ import annotations

from bot.i18n import _
from bot.markup import quoted
from bot.settings.guild import GuildSettings
from bot.settings.permissions import MemberFacts, Place, has_one_of, mentions
from storage.access import VoiceAccess
from storage.forgotten import is_among
from storage.types import OPERATOR_GUILD_ID
from storage.usable import Asker

NOBODY = MemberFacts(0)
"""For whom the server's own announcements are spoken: voices that are everybody's."""


def may_speak_as(
    member: MemberFacts, voice: VoiceAccess, place: Place, settings: GuildSettings
) -> str | None:
    """Return why a member may not speak as a voice, and what to do; None if they may.

    The voice's owner decides, then the server may ask for a role (`others_voices_roles`), except
    for its default voice. Manage Server widens nothing of what an owner decided. A voice without an
    owner is everybody's on its server, and the operator's everywhere. A paused voice is nobody's.
    """
    return (
        _elsewhere(voice, place)
        or _paused(voice)
        or _not_shared(member, voice)
        or _without_role(member, voice, settings)
    )


def asker_of(member: MemberFacts, settings: GuildSettings) -> Asker:
    """Return what finds the voices as which a member may speak; see `may_speak_as`."""
    others = has_one_of(member, settings.others_voices_roles)
    return Asker(member.id, member.roles, others, settings.default_voice)


def _elsewhere(voice: VoiceAccess, place: Place) -> str | None:
    if voice.guild_id in (OPERATOR_GUILD_ID, place.guild):
        return None
    return _("That voice does not exist here.")  # its name is another server's business


def _paused(voice: VoiceAccess) -> str | None:
    if voice.paused_by_owner:
        text = _("{voice} is paused by its owner, so nobody can speak as it. Choose another voice.")
    elif voice.paused_by_admin:
        text = _(
            "{voice} is paused by somebody with the permission Manage Server, so nobody can speak "
            "as it. Choose another voice."
        )
    else:
        return None
    return text.format(voice=_name(voice))


def _not_shared(member: MemberFacts, voice: VoiceAccess) -> str | None:
    if voice.owner in (None, member.id):
        return None
    # The same text for who is blocked: it is the owner's to tell them.
    if not is_among(member.id, voice.blocked) and _reaches(voice, member):
        return None
    return _(
        "{voice} is not shared with you. Ask its owner, or choose a voice of your own or one that "
        "is everybody's."
    ).format(voice=_name(voice))


def _reaches(voice: VoiceAccess, member: MemberFacts) -> bool:
    if voice.reach == "named":
        return member.id in voice.members or not member.roles.isdisjoint(voice.roles)
    return voice.reach == "everybody"


def _without_role(member: MemberFacts, voice: VoiceAccess, settings: GuildSettings) -> str | None:
    if voice.owner in (None, member.id) or voice.voice_id == settings.default_voice:
        return None
    roles = settings.others_voices_roles
    if has_one_of(member, roles):
        return None
    return _(
        "Only members with one of these roles can use the voices of others here: {roles}. Choose a "
        "voice of your own or a shared one."
    ).format(roles=mentions(roles, "@&"))


def _name(voice: VoiceAccess) -> str:
    return quoted(voice.name)
