"""Menus and buttons that hand what was chosen to a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import discord

from bot.i18n import _
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Picker

MAX_OPTIONS = 25
"""Of a menu; Discord's limit."""

MAX_OPTION_LENGTH = 100
"""Characters of an option's label and of its description; Discord's limit."""

SECTION_ROW, SETTING_ROW, EDITOR_ROW, BUTTON_ROW = range(4)

Chosen: TypeAlias = Callable[[discord.Interaction[Any], Any], Awaitable[None]]
"""Does something with what was chosen: the value of a menu's option, or the ids of a picker."""

Pressed: TypeAlias = Callable[[discord.Interaction[Any]], Awaitable[None]]
"""Does what a button says."""

_VOICE_TYPES = [discord.ChannelType.voice, discord.ChannelType.stage_voice]
_TEXT_TYPES = [discord.ChannelType.text, discord.ChannelType.news, *_VOICE_TYPES]
"""A voice channel has a chat of its own."""
_DEFAULT_TYPES = {
    Picker.ROLE: discord.SelectDefaultValueType.role,
    Picker.MEMBER: discord.SelectDefaultValueType.user,
    Picker.TEXT_CHANNEL: discord.SelectDefaultValueType.channel,
    Picker.VOICE_CHANNEL: discord.SelectDefaultValueType.channel,
}


def cut(text: str, length: int = MAX_OPTION_LENGTH) -> str:
    """Return a text that fits; what is left out is marked."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def option(
    label: str, value: str, description: str = "", *, chosen: bool = False
) -> discord.SelectOption:
    """Return an option of a menu within Discord's limits."""
    return discord.SelectOption(
        label=cut(label), value=value, description=cut(description) or None, default=chosen
    )


class Menu(discord.ui.Select[Any]):
    """A menu of texts, of which one is chosen."""

    def __init__(
        self,
        custom_id: str,
        placeholder: str,
        options: Sequence[discord.SelectOption],
        act: Chosen,
        row: int = EDITOR_ROW,
    ) -> None:
        super().__init__(
            custom_id=custom_id,
            placeholder=cut(placeholder),
            options=list(options[:MAX_OPTIONS]),
            row=row,
        )
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand on the option."""
        await self._act(interaction, self.values[0])


class Press(discord.ui.Button[Any]):
    """A button."""

    def __init__(
        self,
        custom_id: str,
        label: str,
        act: Pressed,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            custom_id=custom_id,
            label=cut(label, 80),
            style=style,
            disabled=disabled,
            row=BUTTON_ROW,
        )
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Tell that it was pressed."""
        await self._act(interaction)


class RolePicker(discord.ui.RoleSelect[Any]):
    """Discord's own menu of roles."""

    def __init__(self, act: Chosen, **how: Any) -> None:
        super().__init__(**how)
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand on the ids."""
        await self._act(interaction, tuple(chosen.id for chosen in self.values))


class MemberPicker(discord.ui.UserSelect[Any]):
    """Discord's own menu of members."""

    def __init__(self, act: Chosen, **how: Any) -> None:
        super().__init__(**how)
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand on the ids."""
        await self._act(interaction, tuple(chosen.id for chosen in self.values))


class ChannelPicker(discord.ui.ChannelSelect[Any]):
    """Discord's own menu of channels."""

    def __init__(self, act: Chosen, **how: Any) -> None:
        super().__init__(**how)
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand on the ids."""
        await self._act(interaction, tuple(chosen.id for chosen in self.values))


def picker_of(
    definition: Definition, ids: Sequence[int], most: int, act: Chosen
) -> discord.ui.Item[Any]:
    """Return Discord's menu for what a setting holds. ids: those chosen now; most: at most 25."""
    picker = definition.picker
    assert picker is not None
    how: dict[str, Any] = {
        "custom_id": "pick",
        "placeholder": cut(_("Choose, or choose nothing")),
        "min_values": 0,
        "max_values": most,
        "default_values": [
            discord.SelectDefaultValue(id=identifier, type=_DEFAULT_TYPES[picker])
            for identifier in ids
        ],
        "row": EDITOR_ROW,
    }
    match picker:
        case Picker.ROLE:
            return RolePicker(act, **how)
        case Picker.MEMBER:
            return MemberPicker(act, **how)
        case Picker.VOICE_CHANNEL:
            return ChannelPicker(act, channel_types=_VOICE_TYPES, **how)
        case _:
            forums = [discord.ChannelType.forum] if definition.kind is Kind.SEVERAL else []
            return ChannelPicker(act, channel_types=[*_TEXT_TYPES, *forums], **how)
