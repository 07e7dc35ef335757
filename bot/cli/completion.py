"""What a shell offers when Tab is pressed: names of voices and servers from the data directory.

A completion is quick, changes nothing, and offers nothing where anything is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    split_arg_string,
)

COMPLETE_VARIABLE = "_MYNAH_COMPLETE"
_OPERATOR = 0

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def voice_argument(*, own: bool = False) -> Decorator:
    """Return the argument NAME of a command. own: the operator's voices do not stand in for those
    of a server.
    """
    return click.argument("name", shell_complete=_own_names if own else voice_names)


def voice_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer what a command can find: the voices of its `--guild`, and the operator's."""
    return _names(context, [_guild(context), _OPERATOR], incomplete)


def _own_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return _names(context, [_guild(context)], incomplete)


def guild_ids(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the servers that have voices."""
    from storage import names_at_hand

    try:
        found = names_at_hand.guild_ids(_data_directory(context), incomplete)
    except Exception:  # whatever it is, a shell is no place to tell it
        return []
    return [str(guild) for guild in found]


def settings_guild_ids(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the servers of which anything is stored."""
    from storage import names_at_hand

    try:
        found = names_at_hand.settings_guild_ids(_data_directory(context), incomplete)
    except Exception:  # whatever it is, a shell is no place to tell it
        return []
    return [str(guild) for guild in found]


def setting_keys(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the settings of a server."""
    from bot.settings.guild import GuildSettings

    return [key for key in GuildSettings.model_fields if key.startswith(incomplete)]


def setting_values(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer what a setting can be, where it is one of few."""
    from bot.settings.catalogue import Kind, definition
    from bot.settings.definition import Picker
    from bot.settings.guild import GuildSettings

    try:
        about = definition(GuildSettings, context.params.get("key") or "")
    except Exception:  # whatever it is, a shell is no place to tell it
        return []
    if about.picker is Picker.VOICE:
        return _names(context, [_guild(context), _OPERATOR], incomplete)
    values = ["on", "off"] if about.kind is Kind.SWITCH else list(about.choices or {})
    return [value for value in values if value.startswith(incomplete)]


def _names(context: click.Context, guilds: list[int], incomplete: str) -> list[str]:
    from storage import names_at_hand

    try:
        return names_at_hand.voice_names(_data_directory(context), guilds, incomplete)
    except Exception:  # whatever it is, a shell is no place to tell it
        return []


def _guild(context: click.Context) -> int:
    return context.params.get("guild_id") or _OPERATOR


def _data_directory(context: click.Context) -> Path:
    from bot.config import load_settings

    storage = load_settings(context.find_root().params.get("config_path")).storage
    if storage.url is not None:  # a file from before may lie there still
        raise LookupError("a shell does not wait for a server")
    return storage.directory


def register_shells() -> None:
    """Let names with spaces and commas through, which click's own scripts break."""
    if COMPLETE_VARIABLE in os.environ:
        add_completion_class(_Bash)
        add_completion_class(_Fish)


class _Bash(BashComplete):
    """bash takes a completion as it would be typed, so what is special to it is escaped.

    It also takes "multilingual:pt-br" for three words, and a completion for the last of them.
    """

    _before_colon = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that one."""
        words = split_arg_string(os.environ["COMP_WORDS"])
        position = int(os.environ["COMP_CWORD"])
        before, last = words[1:position], words[position] if position < len(words) else ""
        if before and before[-1] == ":":
            before, self._before_colon = before[:-2], f"{before[-2]}:"
        elif last == ":" and before:
            before, self._before_colon, last = before[:-1], f"{before[-1]}:", ""
        return before, f"{self._before_colon}{last}"

    def format_completion(self, item: CompletionItem[Any]) -> str:
        item.value = item.value.removeprefix(self._before_colon)
        if item.type != "plain" or self._quoted():
            return super().format_completion(item)
        # Twice: click's script reads the line with `read`, which takes one backslash away.
        escaped = re.sub(r"""([\s!"#$&'()*;<>?\[\\\]^`{|}~])""", r"\\\\\1", item.value)
        return f"{item.type},{escaped}"

    def _quoted(self) -> bool:
        """Whether the word was begun with a quotation mark, which bash closes."""
        words = os.environ["COMP_WORDS"].split("\n")
        return words[int(os.environ["COMP_CWORD"])][:1] in ('"', "'")


class _Fish(FishComplete):
    """click's script takes a name up to its first comma."""

    source_template = FishComplete.source_template.replace('split ","', 'split -m 1 ","')
