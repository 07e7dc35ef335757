"""What the ids in settings stand for, as Discord shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import discord

from bot.i18n import _
from bot.markup import literal, one_line
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Picker
from bot.settings.words import shown
from cogs.cards import quoted
from storage.forgotten import is_stand_in

_MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class Names:
    """Names roles, members, channels and voices. voices: names of those that are there, by id."""

    guild: discord.Guild | None = None
    voices: Mapping[int, str] = field(default_factory=dict)

    def knows(self, picker: Picker, identifier: int) -> bool:
        """Whether there is such a thing still; members cannot be asked about."""
        match picker:
            case Picker.MEMBER:
                return not is_stand_in(identifier)
            case Picker.VOICE:
                return identifier in self.voices
            case Picker.ROLE:
                return self.guild is not None and self.guild.get_role(identifier) is not None
            case _:
                guild = self.guild
                return guild is not None and guild.get_channel_or_thread(identifier) is not None

    def name(self, picker: Picker, identifier: int) -> str:
        """Return a mention or a name, also for what is gone."""
        known = self.knows(picker, identifier)
        match picker:
            case Picker.MEMBER:
                return f"<@{identifier}>" if known else _("a member who deleted their data")
            case Picker.ROLE:
                return self._role(identifier) if known else _("a deleted role")
            case Picker.VOICE:
                return quoted(self.voices[identifier]) if known else _("a deleted voice")
            case _:
                return f"<#{identifier}>" if known else _("a deleted channel")

    def _role(self, identifier: int) -> str:
        everyone = self.guild is not None and identifier == self.guild.id
        return "@everyone" if everyone else f"<@&{identifier}>"

    def value(self, definition: Definition, value: object) -> str:
        """Return a setting's value for people, in the current language."""
        if definition.kind is Kind.TEXT and isinstance(value, str):
            value = literal(one_line(value, _MAX_TEXT))
        return shown(definition, value, self.name)
