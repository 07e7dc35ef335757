"""Who may speak as a voice, in words."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.i18n import N_, _, listed, ngettext
from cogs.cards import quoted
from storage.access import VoiceAccess
from storage.forgotten import is_stand_in
from storage.types import Reach, VoiceProfile

REACHES: dict[Reach, str] = {
    "owner": N_("Only its owner"),
    "named": N_("Its owner, and members and roles that are named"),
    "everybody": N_("Everybody here"),
}


def reach_text(access: VoiceAccess) -> str:
    """Return who may speak as a voice, in few words."""
    if access.reach != "named" or access.owner is None:
        return _(REACHES["everybody" if access.owner is None else access.reach])
    members, roles = len(access.members), len(access.roles)
    named = [_("its owner")]
    if members:
        named.append(ngettext("{count} member", "{count} members", members).format(count=members))
    if roles:
        named.append(ngettext("{count} role", "{count} roles", roles).format(count=roles))
    return listed(named)


def pause_text(access: VoiceAccess) -> str:
    """Return who paused a voice; "" for nobody."""
    texts = []
    if access.paused_by_owner:
        texts.append(_("Paused by its owner."))
    if access.paused_by_admin:
        texts.append(_("Paused by somebody with the permission Manage Server."))
    return " ".join(texts)


def member_mentions(ids: Iterable[int]) -> str:
    """Return members as Discord shows them, also those whose data was deleted."""
    gone = _("a member who deleted their data")
    return listed(gone if is_stand_in(each) else f"<@{each}>" for each in sorted(ids))


def role_mentions(guild: discord.Guild | None, ids: Iterable[int]) -> str:
    """Return roles as Discord shows them, also deleted ones."""
    return listed(_role(guild, each) for each in sorted(ids))


def _role(guild: discord.Guild | None, identifier: int) -> str:
    if guild is None or identifier == guild.id:
        return "@everyone" if guild is not None else f"<@&{identifier}>"
    return f"<@&{identifier}>" if guild.get_role(identifier) else _("a deleted role")


def paused_text(voice: VoiceProfile, resume: str, *, changed: bool) -> str:
    """Return what is said when a voice was paused."""
    if not changed:
        return _("{voice} is paused already; {resume} takes that back.").format(
            voice=quoted(voice.name), resume=resume
        )
    return _(
        "{voice} is paused: nobody can speak as it, not even its owner, until {resume}. What was "
        "being said or waited in it is ended."
    ).format(voice=quoted(voice.name), resume=resume)


def resumed_text(voice: VoiceProfile, *, changed: bool) -> str:
    """Return what is said when a pause was, or could not be, taken back."""
    told = {"voice": quoted(voice.name)}
    if not voice.paused:
        done = _("{voice} can speak again.") if changed else _("{voice} is not paused.")
        return done.format(**told)
    if voice.paused_by_admin_at is not None:
        if changed:
            text = _(
                "Your pause is over, but {voice} was also paused by somebody with the permission "
                "Manage Server. Only somebody with that permission can take that back."
            )
        else:
            text = _(
                "{voice} was paused by somebody with the permission Manage Server. Only somebody "
                "with that permission can take that back."
            )
    elif changed:
        text = _(
            "That pause is over, but {voice} was also paused by its owner, who alone can take that "
            "back."
        )
    else:
        text = _("{voice} was paused by its owner, who alone can take that back.")
    return text.format(**told)
