"""`/queue`, `/skip` and `/stop`."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.errors import UserError
from bot.i18n import _, ngettext
from bot.settings.permissions import Action
from bot.voice.player import SkipOutcome
from cogs.call import MAY_OVERRULE, all_own, player_of, privileged_in
from cogs.permissions import require
from cogs.speech_cards import privacy_text, queue_card
from cogs.ui import Interaction, command_names, reply


class QueueCog(commands.Cog, name="Queue"):
    """What is being said, and what waits."""

    @app_commands.command(description="Skip what is being said")
    @app_commands.guild_only()
    async def skip(self, interaction: Interaction) -> None:
        """End the current utterance."""
        await require(interaction, Action.CHANGE, anywhere=True)
        player = player_of(interaction)
        outcome = SkipOutcome.NOTHING_TO_SKIP
        if player is not None:
            privileged = privileged_in(interaction, player)
            outcome = player.skip(interaction.user.id, privileged=privileged)
        if outcome is SkipOutcome.NOT_YOURS:
            raise UserError(
                _(
                    "Only the member who had it said can skip it, or somebody with {permission}."
                ).format(permission=_(MAY_OVERRULE))
            )
        skipped = outcome is SkipOutcome.SKIPPED
        await reply(interaction, _("Skipped.") if skipped else _("Nothing is being said."))

    @app_commands.command(description="Stop, and forget everything that waits to be said")
    @app_commands.guild_only()
    async def stop(self, interaction: Interaction) -> None:
        """Clear the queue."""
        await require(interaction, Action.CHANGE, anywhere=True)
        player = player_of(interaction)
        entries = player.snapshot() if player is not None else ()
        if player is None or not entries:
            await reply(interaction, _("Nothing is being said."))
            return
        if not (all_own(interaction, player) or privileged_in(interaction, player)):
            raise UserError(
                _(
                    "Texts of others are waiting too. Use {skip} for your own, or ask somebody "
                    "with {permission}."
                ).format(skip=command_names(interaction)("skip"), permission=_(MAY_OVERRULE))
            )
        count = player.stop()
        text = ngettext(
            "Stopped; {count} text forgotten.", "Stopped; {count} texts forgotten.", count
        )
        await reply(interaction, text.format(count=count))

    @app_commands.command(description="Show what is being said and what comes next")
    @app_commands.guild_only()
    async def queue(self, interaction: Interaction) -> None:
        """Show the queue."""
        player = player_of(interaction)
        entries = player.snapshot() if player is not None else ()
        card = queue_card(entries)
        if player is not None and (code := player.privacy_code):
            card.add_field(name=_("Voice privacy code"), value=privacy_text(code), inline=False)
        await interaction.response.send_message(embed=card, ephemeral=True)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(QueueCog())
