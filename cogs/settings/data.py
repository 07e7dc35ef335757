"""What is stored about a member on a server, and how each of it is deleted."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.utils import format_dt

from bot.i18n import N_, _, listed, ngettext, pgettext
from bot.settings.catalogue import definitions
from bot.settings.definition import Settings
from bot.settings.guild import GuildSettings
from cogs import cards
from cogs.settings.controls import cut
from cogs.ui import Interaction, command_names, guild_of, services_of
from storage.dictionary import Owner
from storage.types import VoiceProfile

MOST_NAMED = 5
"""Voices that are told one by one; the rest is counted."""

_MOST_COUNTED = 1000

_BESIDES = N_(
    "The evidence of your consents; whom you block, and with whom you share voices; which settings "
    "and which dictionary entries of this server you changed, and which channels you had me read."
)
_KEPT = N_("What you have me say, and of what you write what I read, is kept in the audit trail.")
_NOT_KEPT = N_("What you write and have me say is not kept.")
_TOLD = N_(
    "I do not keep what you write and have me say, but the moderation channel of this server is "
    "told who said what."
)
_MAX_FIELD = 1024


async def data_card(interaction: Interaction, settings: Settings, note: str = "") -> discord.Embed:
    """Return what is stored about who asks. settings: theirs, now. Raises StorageError."""
    command, services = command_names(interaction), services_of(interaction)
    guild_id, user_id = guild_of(interaction), interaction.user.id
    voices = await services.voices.search(
        guild_id, "", _MOST_COUNTED, owner_id=user_id, shared=False
    )
    entries = len(await services.dictionary.entries(Owner(guild_id, user_id)))
    card = cards.embed(_("What is stored about you on this server"), note)
    card.add_field(name=_("Voices"), value=voices_text(voices), inline=False)
    card.add_field(name=_("Settings"), value=settings_text(settings), inline=False)
    card.add_field(name=_("Dictionary"), value=_entries(entries), inline=False)
    server = await services.settings.guild(guild_id)
    besides = f"{_(_BESIDES)}\n{_audited(server)}"
    card.add_field(name=_("Besides"), value=besides, inline=False)
    how = _(
        "{voice} deletes a voice and its recordings, {entry} one or all entries of your "
        "dictionary, the button below your settings. {delete} deletes everything, on every "
        "server, and {export} gives you everything first."
    ).format(
        voice=command("voice delete"),
        entry=command("dictionary remove"),
        delete=command("privacy delete"),
        export=command("privacy export"),
    )
    card.add_field(name=_("How to delete it"), value=how, inline=False)
    return card.set_footer(text=_footer(server))


def _audited(server: GuildSettings) -> str:
    days = server.audit_days
    return ngettext(
        "For {days} day the audit trail: when you spoke in which voice, for how long, and what you "
        "did with voices.",
        "For {days} days the audit trail: when you spoke in which voice, for how long, and what "
        "you did with voices.",
        days,
    ).format(days=days)


def _footer(server: GuildSettings) -> str:
    if server.audit_texts:
        return _(_KEPT)
    return _(_TOLD if server.log_utterances else _NOT_KEPT)


def voices_text(voices: Sequence[VoiceProfile]) -> str:
    """Return a member's own voices, with what is kept of each."""
    if not voices:
        return pgettext("voice", "none")
    lines = [_voice(voice) for voice in voices[:MOST_NAMED]]
    rest = len(voices) - len(lines)
    if rest:
        lines.append(ngettext("and {count} more", "and {count} more", rest).format(count=rest))
    return cut("\n".join(lines), _MAX_FIELD)


def _voice(voice: VoiceProfile) -> str:
    text = _("{name}: a recording of {seconds} s, since {day}").format(
        name=cards.quoted(voice.name),
        seconds=round(voice.seconds),
        day=format_dt(voice.created_at, "d"),
    )
    if voice.former_until is not None:
        until = format_dt(voice.former_until, "d")
        text += "; " + _("the former one until {day}").format(day=until)
    return text


def _entries(count: int) -> str:
    return ngettext("{count} entry", "{count} entries", count).format(count=count)


def settings_text(settings: Settings) -> str:
    """Return which settings a member has."""
    changed = [
        _(each.label)
        for each in definitions(type(settings))
        if getattr(settings, each.key) != each.default
    ]
    return listed(changed) or _("none")
