"""`mynah guilds show`: every setting of one server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, moment_json, print_json
from bot.cli.context import Context
from bot.cli.guilds.words import guild_argument, value_json, value_text
from bot.cli.lookup import settings_beside, with_store
from bot.cli.output import print_line
from bot.cli.tables import print_rows
from bot.cli.voices.words import date
from storage.forgotten import is_stand_in

if TYPE_CHECKING:
    from bot.settings.catalogue import Definition
    from bot.settings.guild import GuildSettings
    from bot.settings.service import SettingChange
    from storage.voices import VoiceStore

HEADINGS = ("setting", "value", "default", "meaning")
CHANGES = ("changed", "by", "setting", "from", "to")
MOST_CHANGES = 10


@dataclass(frozen=True, slots=True)
class _Row:
    about: Definition
    value: Any
    text: str


@click.command()
@guild_argument
@json_option
@click.pass_obj
def show(context: Context, guild_id: int, as_json: bool) -> None:
    """Show every setting of the server ID, and who changed what last.

    A default is shown where the setting differs from it.
    """

    async def work(store: VoiceStore) -> tuple[list[_Row], list[SettingChange]]:
        service = settings_beside(store, context.settings.limits)
        rows = await _rows(store, await service.guild(guild_id))
        return rows, await service.log(guild_id, MOST_CHANGES)

    rows, changes = with_store(context, work, any_key=True)
    if as_json:
        print_json(_document(guild_id, rows, changes))
    else:
        _print(rows, changes)


async def _rows(store: VoiceStore, settings: GuildSettings) -> list[_Row]:
    from bot.settings.catalogue import definitions

    found = []
    for about in definitions(type(settings)):
        value = getattr(settings, about.key)
        found.append(_Row(about, value, await value_text(store, about, value)))
    return found


def _print(rows: list[_Row], changes: list[SettingChange]) -> None:
    from bot.settings.words import shown

    lines = [
        (
            row.about.key,
            row.text,
            "" if row.value == row.about.default else shown(row.about, row.about.default),
            row.about.meaning,
        )
        for row in rows
    ]
    print_rows(HEADINGS, lines)
    if changes:
        print_line("")
        print_rows(CHANGES, [_change(change) for change in changes])


def _change(change: SettingChange) -> tuple[str, ...]:
    from bot.settings.catalogue import definition
    from bot.settings.guild import GuildSettings
    from bot.settings.words import shown

    about = definition(GuildSettings, change.key)
    by = _who(change.changed_by) or "operator"
    values = (shown(about, value) for value in (change.before, change.value))
    return (date(change.changed_at), by, change.key, *values)


def _who(user_id: int | None) -> str | None:
    """Return who it was, None for the operator."""
    if user_id is None:
        return None
    return "deleted" if is_stand_in(user_id) else str(user_id)


def _document(guild_id: int, rows: list[_Row], changes: list[SettingChange]) -> dict[str, Any]:
    return {
        "guild_id": str(guild_id),
        "settings": [
            {
                "key": row.about.key,
                "page": row.about.page.value,
                "value": value_json(row.about, row.value),
                "default": value_json(row.about, row.about.default),
                "text": row.text,
                "meaning": row.about.meaning,
            }
            for row in rows
        ],
        "changes": [_change_document(change) for change in changes],
    }


def _change_document(change: SettingChange) -> dict[str, Any]:
    from bot.settings.catalogue import definition
    from bot.settings.guild import GuildSettings

    about = definition(GuildSettings, change.key)
    return {
        "changed_at": moment_json(change.changed_at),
        "changed_by": _who(change.changed_by),
        "key": change.key,
        "before": value_json(about, change.before),
        "after": value_json(about, change.value),
    }
