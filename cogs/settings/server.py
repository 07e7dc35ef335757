"""The panel of `/settings`: a server's settings, and who changed what last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
from discord.utils import format_dt

from bot.i18n import N_, _
from bot.moderation import SettingSet, line
from bot.settings.service import SettingChange
from cogs.cards import embed
from cogs.settings.naming import Names
from cogs.settings.panel import Panel
from cogs.settings.sections import Section, sections_by_page
from cogs.settings.subjects import GuildSubject
from cogs.ui import Interaction, bot_of, guild_of, services_of
from storage.setting_values import DEFAULT_VOICE

MOST_CHANGES = 15

MAX_DESCRIPTION = 4096
"""Characters of an embed; Discord's limit."""

_CHANGES = Section(N_("Last changes"))


class ServerPanel(Panel):
    """Also has a page that says who changed what last, for who cannot look into the log."""

    def __init__(self, interaction: Interaction, changing: asyncio.Lock) -> None:
        subject = GuildSubject.of(interaction)
        bounds_of = services_of(interaction).settings.bounds_of
        sections = [*sections_by_page(subject.model, bounds_of), _CHANGES]
        super().__init__(interaction, subject, sections, changing)

    async def draw(self, note: str = "") -> discord.Embed:
        """Return the card of the page that is shown. Raises StorageError."""
        card = await super().draw(note)
        return await _changes_card(self.origin) if self.place.section is _CHANGES else card


async def _changes_card(interaction: Interaction) -> discord.Embed:
    services, guild_id = services_of(interaction), guild_of(interaction)
    changes = await services.settings.log(guild_id, MOST_CHANGES)
    ids = [change.value for change in changes if change.key == DEFAULT_VOICE and change.value]
    voices = await services.choices.voices_by_id(ids)
    known = {voice.id: voice.name for voice in voices}
    return changes_card(changes, Names(bot_of(interaction).get_guild(guild_id), known))


def changes_card(changes: Sequence[SettingChange], names: Names) -> discord.Embed:
    """Return who changed what when, the newest first, as many as fit."""
    text = ""
    for change in changes:
        told = _line(change, names)
        if len(text) + len(told) >= MAX_DESCRIPTION:
            break
        text += f"{told}\n"
    return embed(_("Last changes"), text or _("Nobody has changed anything yet."))


def _line(change: SettingChange, names: Names) -> str:
    voice = names.voices.get(change.value) if change.key == DEFAULT_VOICE else None
    event = SettingSet(change.changed_by, change.key, change.value, change.before, voice)
    when = format_dt(change.changed_at, "R") if change.changed_at is not None else ""
    return f"{line(event, names.name)} {when}".rstrip()
