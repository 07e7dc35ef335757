"""Pages of the audit trail, and the trail as a file."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.utils import format_dt

from bot.audit.events import Exported
from bot.audit.export import json_line
from bot.audit.words import Naming, sentence
from bot.i18n import N_, _, ngettext
from bot.markup import literal, one_line
from cogs import cards
from cogs.pages import PagedView
from cogs.settings.controls import cut
from cogs.settings.naming import Names
from cogs.ui import Interaction, bot_of, guild_of, manages_guild, services_of
from storage.audit_reading import AuditFilter
from storage.audit_rows import AuditRow

PAGE_SIZE = 10

MAX_LINE = 380
"""Characters of a line, so that a page fits into a card's 4,096."""

MAX_TEXT = 120
"""Characters of a name or an entry in it; each may need a sign before it."""

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Of an export, some 15,000 rows; Discord takes 10 MB. The operator's command has no such bound."""

FILE_NAME = "audit.jsonl"


class AuditPages(PagedView):
    """The rows that were asked for, page by page, and as a file."""

    size = PAGE_SIZE

    def __init__(self, interaction: Interaction, which: AuditFilter) -> None:
        super().__init__(interaction)
        self._trail, self._guild_id = services_of(interaction).audit, guild_of(interaction)
        self._naming = naming_of(interaction)
        self._which = which
        self.rows = 0
        self.previous.label, self.next.label = _("Newer"), _("Older")

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the press counts: whoever may not look any more cannot turn the page either."""
        if not await super().interaction_check(interaction):
            return False
        require_permission(interaction)
        return True

    async def render(self) -> discord.Embed:
        """Return the page as it is now, the newest row first."""
        reader = self._trail.reader
        self.rows = await reader.count(self._guild_id, self._which)
        rows = await reader.page(self._guild_id, self._which, self.size, self.paginate(self.rows))
        lines = "\n".join(line(row, self._naming) for row in rows)
        title = _("Audit trail ({count:,})").format(count=self.rows)
        card = cards.embed(title, lines or _("There is nothing of that kind."))
        return card.set_footer(text=self.place)

    @discord.ui.button(label=N_("As a file"), style=discord.ButtonStyle.primary)
    async def export(self, interaction: Interaction, button: discord.ui.Button[AuditPages]) -> None:
        """Answer with all that was asked for, as JSON lines."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        most = min(interaction.filesize_limit, MAX_FILE_BYTES)
        content, count, whole = await self._file(most)
        await self._trail.record(self._guild_id, Exported(by=interaction.user.id, what="audit"))
        text = ngettext("{count:,} row, a line each.", "{count:,} rows, a line each.", count)
        told = text.format(count=count)
        if not whole:
            left_out = _("Older ones do not fit; my operator can export all.")
            told = f"{told} {left_out}"
        await interaction.edit_original_response(
            content=told, attachments=[discord.File(io.BytesIO(content), FILE_NAME)]
        )

    async def _file(self, most_bytes: int) -> tuple[bytes, int, bool]:
        """Return as many of the newest rows as fit, the oldest first; how many; whether all."""
        lines: list[bytes] = []
        size = 0
        async for row in self._trail.reader.all_rows(self._guild_id, self._which, newest=True):
            encoded = json_line(row).encode("utf-8", "backslashreplace")
            size += len(encoded)
            if size > most_bytes:
                return b"".join(reversed(lines)), len(lines), False
            lines.append(encoded)
        return b"".join(reversed(lines)), len(lines), True


def line(row: AuditRow, naming: Naming) -> str:
    """Return a row as a line of a page: when, and what."""
    when = format_dt(row.at, "f")
    return cut(f"{when} {sentence(row, naming)}", MAX_LINE)


def naming_of(interaction: Interaction) -> Naming:
    """Return how a card names members, by mentions that ring nobody, and what else there is."""
    names = Names(bot_of(interaction).get_guild(guild_of(interaction)))
    return Naming(lambda member: f"<@{member}>", _text, names.name)


def _text(text: str) -> str:
    return literal(one_line(text, MAX_TEXT))


def require_permission(interaction: Interaction) -> None:
    """Raise MissingPermissions without Manage Server, whatever Integrations allows."""
    if not manages_guild(interaction):
        raise app_commands.MissingPermissions(["manage_guild"])
