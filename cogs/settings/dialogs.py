"""Dialogs in which a value, or the name of a voice, is typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from cogs.settings.controls import cut
from cogs.ui import Interaction
from cogs.views import MynahModal

MAX_TITLE = 45
"""Characters of a dialog's title and of a field's label; Discord's limit."""


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked for. hint: what may be typed. typed: what stands there already."""

    label: str
    hint: str
    typed: str
    most: int
    required: bool


class TypingDialog(MynahModal):
    """Asks for one line of text, for so many seconds."""

    def __init__(
        self, field: Field, taken: Callable[[Interaction, str], Awaitable[None]], seconds: float
    ) -> None:
        super().__init__(title=cut(field.label, MAX_TITLE), timeout=seconds)
        self._taken = taken
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="text",
            default=field.typed[: field.most],
            max_length=field.most,
            required=field.required,
        )
        label, hint = cut(field.label, MAX_TITLE), cut(field.hint)
        self.add_item(discord.ui.Label(text=label, description=hint, component=self._text))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Hand on what was typed."""
        await self._taken(interaction, self._text.value)
