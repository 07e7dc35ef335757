"""How answers name a command so that a click on the name begins to type it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from discord import AppCommandType
from discord.app_commands import AppCommand, AppCommandGroup

CommandNames: TypeAlias = Callable[[str], str]
"""From a command's full name, such as "voice tune", to what names it in an answer.

Not for titles, footers, buttons and dialogs, where Discord shows the mark-up as it is written."""

ALL_GUILDS = 0
"""The scope of commands that every guild has."""


class CommandMentions:
    """What Discord knows of the commands: their mentions, by full name and scope.

    A guild that has copies of its own is shown those instead of the common ones.
    """

    def __init__(self) -> None:
        self._by_scope: dict[int, dict[str, str]] = {}

    def learn(self, guild_id: int, commands: Iterable[AppCommand]) -> None:
        """Take in all the commands of a guild, or those of `ALL_GUILDS`."""
        self._by_scope[guild_id] = dict(_mentions(commands))

    def knows(self, guild_id: int) -> bool:
        """Whether the commands of that scope were learnt, if there are any."""
        return guild_id in self._by_scope

    def name(self, command: str, guild_id: int) -> str:
        """Return `</voice tune:ID>`; in its place `/voice tune` as code while its id is unknown."""
        for scope in (guild_id, ALL_GUILDS):
            if command in (mentions := self._by_scope.get(scope, {})):
                return mentions[command]
        return f"`/{command}`"


def _mentions(commands: Iterable[AppCommand]) -> Iterator[tuple[str, str]]:
    for command in commands:
        if command.type is AppCommandType.chat_input:
            yield from _leaves(command)


def _leaves(command: AppCommand | AppCommandGroup) -> Iterator[tuple[str, str]]:
    subcommands = [option for option in command.options if isinstance(option, AppCommandGroup)]
    for subcommand in subcommands:
        yield from _leaves(subcommand)
    if not subcommands:
        name = command.name if isinstance(command, AppCommand) else command.qualified_name
        yield name, command.mention
