"""`/privacy delete`: says what will go, asks, and is done when all of it is gone."""

from __future__ import annotations

import asyncio

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.i18n import N_, _
from cogs.privacy.words import counts
from cogs.ui import Interaction, command_names, defer, services_of
from cogs.views import OwnedView
from storage.erasure import Erased

log = structlog.get_logger(__name__)


class Deleting(commands.Cog):
    """Deletes what is stored about a member."""

    @app_commands.command(description="Delete everything that is stored about you, on every server")
    async def delete(self, interaction: Interaction) -> None:
        """Ask first."""
        await defer(interaction)
        privacy = services_of(interaction).privacy
        erased = await privacy.survey_member(interaction.user.id)
        if erased.nothing:
            await privacy.finish()
            await interaction.edit_original_response(
                content=_("Nothing is stored about you, on any server.")
            )
            return
        await interaction.edit_original_response(
            content=_question(interaction, erased), view=ErasureQuestion(interaction)
        )


class ErasureQuestion(OwnedView):
    """Asks whether everything shall go. What is stored when it is answered goes."""

    def __init__(self, interaction: Interaction) -> None:
        super().__init__(interaction)
        self._answered = False

    @discord.ui.button(label=N_("Delete everything for good"), style=discord.ButtonStyle.danger)
    async def delete(
        self, interaction: Interaction, button: discord.ui.Button[ErasureQuestion]
    ) -> None:
        """Delete it."""
        first, self._answered = not self._answered, True
        await interaction.response.defer()
        if not first:  # of a double click
            return
        self.stop()
        await self.edit(content=_("Deleting…"), view=None)
        try:
            erased = await _erase(interaction)
        except Exception:
            await self.edit(content=_("Not everything was deleted. Use the command once more."))
            raise
        await self.edit(content=_done(erased))

    @discord.ui.button(label=N_("Keep"), style=discord.ButtonStyle.secondary)
    async def keep(
        self, interaction: Interaction, button: discord.ui.Button[ErasureQuestion]
    ) -> None:
        """Leave it all alone."""
        first, self._answered = not self._answered, True
        await interaction.response.defer()
        if first:
            self.stop()
            await self.edit(content=_("Nothing was deleted."), view=None)


async def _erase(interaction: Interaction) -> Erased:
    services, member_id = services_of(interaction), interaction.user.id
    # A task of its own: what has begun is done to the end, also when the bot shuts down.
    erasing = asyncio.create_task(services.privacy.erase_member(member_id), name="privacy-erase")
    erased = await asyncio.shield(erasing)
    log.info("a member deleted their data", stage="privacy", voices=erased.voices,
             recordings=erased.recordings, files_left=erased.left)  # fmt: skip
    return erased


def _question(interaction: Interaction, erased: Erased) -> str:
    command = command_names(interaction)
    lines = [
        _("This deletes everything that is stored about you, on every server, for good:"),
        *(f"- {line}" for line in counts(erased)),
        _(
            "What you changed for others, such as a server's settings, stays without your name. In "
            "the audit trails nobody can tell any more who you were. Who blocked you keeps you "
            "blocked. {export} gives you a copy first."
        ).format(export=command("privacy export")),
    ]
    return "\n".join(lines)


def _done(erased: Erased) -> str:
    lines = [_("All of it is deleted:"), *(f"- {line}" for line in counts(erased))]
    if erased.left:
        lines.append(
            _(
                "⚠️ A file could not be removed. It is tried again when I start next; my operator "
                "has to look at it."
            )
        )
    return "\n".join(lines)
