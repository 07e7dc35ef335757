"""`/voice usage`: who spoke in a voice, when, and how long."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands
from discord.utils import format_dt

from bot.i18n import N_, _, ngettext
from cogs import cards
from cogs.pages import PagedView
from cogs.ui import Interaction, guild_of, services_of
from cogs.voice_option import OwnVoice
from storage.audit_reading import Usage
from storage.audit_rows import AuditRow, Who
from storage.types import VoiceProfile

PAGE_SIZE = 15
"""Lines of a page: each has some 90 characters, and a card 4,096."""

MOST_SPEAKERS = 5
"""Of whom the card tells how much they spoke in all."""

_WAYS = {"say": N_("spoken"), "read": N_("read aloud"), "file": N_("as a file")}


class Using(commands.Cog):
    """For who owns a voice, or manages the server."""

    @app_commands.command(description="Show who spoke with a voice of yours, when and how long")
    @app_commands.describe(voice="Which voice")
    async def usage(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Show it page by page, the newest first."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await services_of(interaction).audit.flush()
        view = UsagePages(interaction, voice)
        card = await view.render()
        if view.pages > 1:
            await interaction.edit_original_response(embed=card, view=view)
        else:
            view.stop()
            await interaction.edit_original_response(embed=card)


class UsagePages(PagedView):
    """What was spoken in one voice on this server, as far as the audit trail goes back."""

    size = PAGE_SIZE

    def __init__(self, interaction: Interaction, voice: VoiceProfile) -> None:
        super().__init__(interaction)
        self._services, self._guild_id = services_of(interaction), guild_of(interaction)
        self._voice = voice

    async def render(self) -> discord.Embed:
        """Return the page as it is now."""
        reader, where = self._services.audit.reader, (self._guild_id, self._voice.id)
        whole = await reader.usage_of(*where)
        rows = await reader.utterances_of(*where, self.size, self.paginate(whole.utterances))
        speakers = await reader.speakers_of(*where, MOST_SPEAKERS + 1)
        days = (await self._services.settings.guild(self._guild_id)).audit_days
        card = usage_card(self._voice.name, rows, whole, speakers)
        return card.set_footer(text=self._footer(days))

    def _footer(self, days: int) -> str:
        kept = ngettext(
            "What is older than {days} day is not kept.",
            "What is older than {days} days is not kept.",
            days,
        ).format(days=days)
        return kept if self.pages == 1 else f"{self.place} · {kept}"


def usage_card(
    name: str,
    rows: Sequence[AuditRow],
    whole: Usage,
    speakers: Sequence[tuple[Who, Usage]],
) -> discord.Embed:
    """Return who spoke in a voice, in the current language. rows: of one page."""
    title = _("Who spoke as {voice}").format(voice=cards.quoted(name))
    if not whole.utterances:
        return cards.embed(title, _("Nobody yet."))
    card = cards.embed(title, "\n".join(map(_line, rows)))
    card.add_field(name=_("In all"), value=_amount(whole), inline=False)
    if len(speakers) > 1:
        lines = [f"{who(each)}: {_amount(usage)}" for each, usage in speakers[:MOST_SPEAKERS]]
        if len(speakers) > MOST_SPEAKERS:
            lines.append("…")
        card.add_field(name=_("Who most"), value="\n".join(lines), inline=False)
    return card


def _line(row: AuditRow) -> str:
    parts = [format_dt(row.began, "f"), who(row.actor)]
    if isinstance(channel_id := row.data.get("channel_id"), int):
        parts.append(f"<#{channel_id}>")
    parts.append(_("{seconds:.1f} s").format(seconds=row.seconds or 0.0))
    way = row.data.get("way")
    if way in _WAYS and way != "say":
        parts.append(_(_WAYS[way]))
    return " · ".join(parts)


def who(actor: Who) -> str:
    """Return who spoke: a mention, which rings nobody in a card."""
    match actor:
        case None:
            return _("a webhook")
        case "bot":
            return _("myself, for the server")
        case "operator":
            return _("my operator")
        case "deleted":
            return _("somebody who was forgotten")
        case member_id:
            return f"<@{member_id}>"


def _amount(usage: Usage) -> str:
    times = ngettext("{count:,} time", "{count:,} times", usage.utterances)
    return f"{times.format(count=usage.utterances)}, {duration(usage.seconds)}"


def duration(seconds: float) -> str:
    """Return how long something lasted, in the unit that suits it."""
    if seconds < 60:
        return _("{seconds:.1f} s").format(seconds=seconds)
    if seconds < 3600:
        return _("{minutes:.1f} min").format(minutes=seconds / 60)
    return _("{hours:.1f} h").format(hours=seconds / 3600)
