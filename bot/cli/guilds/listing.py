"""`mynah guilds` and `mynah guilds list`: the servers of which anything is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.lookup import settings_beside, with_store
from bot.cli.output import print_line
from bot.cli.tables import print_rows

if TYPE_CHECKING:
    from storage.setting_values import GuildCounts
    from storage.voices import VoiceStore

HEADINGS = ("server", "voices", "settings that differ", "channels that are read")


@click.command("list")
@json_option
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the servers, as `mynah guilds` alone does."""
    print_guilds(context, as_json=as_json)


def print_guilds(context: Context, *, as_json: bool) -> None:
    """Print the servers that have voices, settings or channels that are read."""

    async def work(store: VoiceStore) -> list[GuildCounts]:
        return await settings_beside(store).guilds()

    found = with_store(context, work, any_key=True)
    if as_json:
        print_json({"guilds": [_document(guild) for guild in found]})
    elif not found:
        print_line("No servers yet: they appear with their first voice or setting.")
    else:
        print_rows(HEADINGS, [_row(guild) for guild in found])


def _document(guild: GuildCounts) -> dict[str, Any]:
    return {
        "guild_id": str(guild.guild_id),
        "voices": guild.voices,
        "settings": guild.settings,
        "read_channels": guild.read_channels,
    }


def _row(guild: GuildCounts) -> tuple[str, ...]:
    return tuple(map(str, (guild.guild_id, guild.voices, guild.settings, guild.read_channels)))
