"""Buttons and dialogs that belong to one member."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import discord
import structlog

from bot.command_tree import SHUTTING_DOWN, answer, answer_error, take
from bot.discord_http import DISCORD_FAILED, is_refused
from bot.i18n import _, locale
from cogs.ui import Interaction, bot_of, editable_until

log = structlog.get_logger(__name__)

PAUSES_SECONDS = (1.0, 4.0, 15.0)
"""Before an edit is made again that failed."""


def translate_declared(items: Iterable[discord.ui.Item[Any]]) -> None:
    """Translate the texts of items that a class declares, of each view or dialog its own copies."""
    for item in items:
        _translate_texts(item, "label", "placeholder", "text", "description")
        for option in getattr(item, "options", ()):
            _translate_texts(option, "label", "description")
        component = getattr(item, "component", None)
        if isinstance(component, discord.ui.Item):
            translate_declared([component])


def _translate_texts(part: object, *names: str) -> None:
    for name in names:
        # The label of a text input is out of use; to set it warns.
        if name == "label" and isinstance(part, discord.ui.TextInput):
            continue
        if isinstance(text := getattr(part, name, None), str):
            setattr(part, name, _(text))


class OwnedView(discord.ui.View):
    """Buttons under an answer that only the member who asked may press.

    They live as long as the answer can be edited, then `on_timeout` removes them.

    What the class declares with `N_` is shown in the member's language, its `locale`; what is added
    later says what it says.
    """

    def __init__(self, interaction: Interaction) -> None:
        self.origin = interaction
        self.locale = locale.get()
        self._until = editable_until(interaction)
        self._unsent: dict[str, Any] = {}  # what the answer lacks yet
        self._editing = asyncio.Lock()
        super().__init__(timeout=self.remaining())
        translate_declared(self.children)

    @property
    def guild_id(self) -> int:
        """The Discord guild where it is shown."""
        return self.origin.guild_id or 0

    def renew(self, interaction: Interaction) -> None:
        """Answer by a press of now from here on, which can be edited for as long anew."""
        self.origin = interaction
        self._until = editable_until(interaction)
        self.timeout = self.remaining()

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the press counts."""
        take(interaction)
        # discord.py counts the timeout anew from each press; the answer's time is not renewed.
        self.timeout = self.remaining()
        if bot_of(interaction).shutting_down:
            await answer(interaction, _(SHUTTING_DOWN))
        elif interaction.user.id != self.origin.user.id:
            await answer(interaction, _("Only the member who used the command can press that."))
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
        """Edit the answer that the buttons stand under, if it is there still.

        One edit at a time, in order; one that fails is made again a few times, with what was
        changed meanwhile.
        """
        if "embed" in changes:  # what is sent together must name them in one way
            embed = changes.pop("embed")
            changes["embeds"] = [] if embed is None else [embed]
        self._unsent |= changes
        async with self._editing:
            for pause in PAUSES_SECONDS:
                if not self._unsent or await self._edited():
                    return
                await asyncio.sleep(pause)
            await self._edited(last=True)

    async def _edited(self, *, last: bool = False) -> bool:
        """Send what is unsent; return whether there is nothing more to be done about it."""
        changes, self._unsent = self._unsent, {}
        try:
            await self.origin.edit_original_response(**changes)
        except DISCORD_FAILED as error:
            # What the buttons stand for is done or void in any case.
            again = not (last or is_refused(error) or bot_of(self.origin).shutting_down)
            log.info("answer not edited", guild=self.origin.guild_id, stage="command",
                     error=repr(error), again=again)  # fmt: skip
            if again:
                self._unsent = changes | self._unsent
                for file in self._unsent.get("attachments", ()):
                    file.reset()
            return not again
        return True

    def remaining(self) -> float:
        """Return for how long the buttons live yet, in s."""
        return max(1.0, self._until - time.monotonic())


class MynahModal(discord.ui.Modal):
    """A dialog whose errors take the way of all errors.

    What the class declares with `N_` is shown in the member's language.
    """

    def __init__(self, *, title: str | None = None, timeout: float | None = None) -> None:
        super().__init__(title=_(self.title) if title is None else title, timeout=timeout)
        translate_declared(self.children)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether what was typed counts."""
        take(interaction)
        return True

    async def on_error(self, interaction: Interaction, error: Exception, *others: Any) -> None:
        """Take the way of all errors."""
        await answer_error(interaction, error)
