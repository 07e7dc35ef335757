"""Buttons and dialogs that belong to one member."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import structlog
from discord.utils import utcnow

from bot.command_tree import SHUTTING_DOWN, answer, answer_error, take
from cogs.ui import TOKEN_MARGIN, Interaction, bot_of

log = structlog.get_logger(__name__)


class OwnedView(discord.ui.View):
    """Buttons under an answer that only the member who asked may press.

    They live as long as the answer can be edited, then `on_timeout` removes them.
    """

    def __init__(self, interaction: Interaction) -> None:
        self.origin = interaction
        self._until = interaction.expires_at - TOKEN_MARGIN
        super().__init__(timeout=self.remaining())

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the press counts."""
        take(interaction)
        # discord.py counts the timeout anew from each press; the answer's time is not renewed.
        self.timeout = self.remaining()
        if bot_of(interaction).shutting_down:
            await answer(interaction, SHUTTING_DOWN)
        elif interaction.user.id != self.origin.user.id:
            await answer(interaction, "Only the member who used the command can press that.")
        else:
            return True
        return False

    async def on_error(
        self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Take the way of all errors."""
        await answer_error(interaction, error)

    async def on_timeout(self) -> None:
        """Take the buttons away."""
        await self.edit(view=None)

    async def edit(self, **changes: Any) -> None:
        """Edit the answer that the buttons stand under, if it is there still."""
        try:
            await self.origin.edit_original_response(**changes)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # What the buttons stand for is done or void in any case.
            log.info(
                "answer not edited", guild=self.origin.guild_id, stage="command", error=repr(error)
            )

    def remaining(self) -> float:
        """Return for how long the buttons live yet, in s."""
        return max(1.0, (self._until - utcnow()).total_seconds())


class MynahModal(discord.ui.Modal):
    """A dialog whose errors take the way of all errors."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether what was typed counts."""
        take(interaction)
        return True

    async def on_error(self, interaction: Interaction, error: Exception, *_: Any) -> None:
        """Take the way of all errors."""
        await answer_error(interaction, error)
