"""Settings and their values on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.completion import setting_keys, setting_values, settings_guild_ids

if TYPE_CHECKING:
    from bot.settings.catalogue import Definition
    from storage.voices import VoiceStore

guild_argument = click.argument(
    "guild_id",
    type=click.IntRange(min=1, max=2**63 - 1),
    metavar="ID",
    shell_complete=settings_guild_ids,
)
key_argument = click.argument("key", metavar="KEY", shell_complete=setting_keys)
value_argument = click.argument(
    "value", metavar="VALUE", required=False, shell_complete=setting_values
)


async def value_text(store: VoiceStore, about: Definition, value: Any) -> str:
    """Return a value for people; voices by their names."""
    from bot.settings.definition import Picker
    from bot.settings.words import shown
    from storage.errors import VoiceNotFoundError

    if about.picker is not Picker.VOICE or value is None:
        return shown(about, value)
    try:
        name = (await store.get(value)).name
    except VoiceNotFoundError:
        name = "a deleted voice"
    return shown(about, value, lambda _picker, _id: name)


def value_json(about: Definition, value: Any) -> Any:
    """Return a value for programs: Discord's ids as strings."""
    from bot.settings.definition import Picker

    if about.picker in (None, Picker.VOICE) or value is None:
        return value
    return str(value) if isinstance(value, int) else [str(identifier) for identifier in value]
