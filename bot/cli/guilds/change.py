"""`mynah guilds set`: a server's setting, as its admins set it with `/settings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.guilds.words import (
    guild_argument,
    key_argument,
    value_argument,
    value_json,
    value_text,
)
from bot.cli.lookup import find_voice, settings_beside, with_store
from bot.cli.output import print_line

if TYPE_CHECKING:
    from bot.settings.catalogue import Definition
    from bot.settings.service import SettingsService
    from storage.voices import VoiceStore


# A value such as -3 is no option.
@click.command("set", context_settings={"ignore_unknown_options": True})
@guild_argument
@key_argument
@value_argument
@click.option("--reset", is_flag=True, help="Go back to the default, in place of VALUE.")
@json_option
@click.pass_obj
def set_command(
    context: Context, guild_id: int, key: str, value: str | None, reset: bool, as_json: bool
) -> None:
    """Set KEY of the server ID to VALUE; a running bot follows at once.

    Roles, members and channels are Discord's ids, with commas between several; "none" is none of
    them. A voice is a name.
    """
    from bot.settings.catalogue import definition
    from bot.settings.guild import GuildSettings

    if reset is (value is not None):
        raise click.UsageError("Give either VALUE or --reset.")
    about = definition(GuildSettings, key)

    async def work(store: VoiceStore) -> _Change:
        service = settings_beside(store, context.settings.limits)
        return await _change(store, service, guild_id, about, value)

    change = with_store(context, work, any_key=True)
    if as_json:
        print_json({"guild_id": str(guild_id), "key": about.key, "value": change.stored})
        return
    told = f" of server {guild_id}: {change.after} (was {change.before})."
    print_line((about.key, "bold"), told)
    if not change.known:
        print_line((f"Nothing else is stored of server {guild_id} yet: check its ID.", "yellow"))


@dataclass(frozen=True, slots=True)
class _Change:
    """What became of a setting. known: something was stored of the server before. stored: for
    programs.
    """

    known: bool
    before: str
    after: str
    stored: Any


async def _change(
    store: VoiceStore, service: SettingsService, guild_id: int, about: Definition, text: str | None
) -> _Change:
    """Set what a text says; None is the default. Raises UserError and StorageError."""
    known = guild_id in {guild.guild_id for guild in await service.guilds()}
    before = await value_text(store, about, getattr(await service.guild(guild_id), about.key))
    chosen = None if text is None else await _value(store, guild_id, about.key, text)
    settings = await service.change_guild(guild_id, about.key, chosen, changed_by=None)
    now = getattr(settings, about.key)
    return _Change(known, before, await value_text(store, about, now), value_json(about, now))


async def _value(store: VoiceStore, guild_id: int, key: str, text: str) -> Any:
    from bot.settings.guild import GuildSettings
    from bot.settings.values import parse
    from storage.setting_values import DEFAULT_VOICE

    if key == DEFAULT_VOICE and text.casefold() not in ("", "none"):
        return (await find_voice(store, guild_id, text)).id
    return parse(GuildSettings, key, text)
