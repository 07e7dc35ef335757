"""The names and descriptions of commands, as Discord is told of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import discord
from discord import app_commands

from bot.client import EXTENSIONS, MynahBot
from bot.command_translator import context_of
from tools.catalogues.sources import Marked


class _Anything:
    """In place of every service, and of whatever it gives."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return _Anything()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _Anything()

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __await__(self) -> Generator[Any, Any, Any]:
        return self
        yield  # it is a generator, as an awaitable's has to be


class _Listener(app_commands.Translator):
    """Hears what could be translated."""

    def __init__(self) -> None:
        self.heard: dict[Marked, None] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> None:
        self.heard[Marked(string.message, context=context_of(context))] = None


async def texts_of(bot: MynahBot) -> list[Marked]:
    """Return the texts of a bot's commands, each once."""
    listener = _Listener()
    for kind in discord.AppCommandType:
        for command in bot.tree.get_commands(type=kind):
            await command.get_translated_payload(bot.tree, listener)
    return list(listener.heard)


async def command_texts() -> list[Marked]:
    """Return the texts of all commands; the services behind them are not needed for that."""
    bot = MynahBot(_Anything)
    for extension in EXTENSIONS:
        await bot.load_extension(extension)
    try:
        return await texts_of(bot)
    finally:
        for extension in EXTENSIONS:
            await bot.unload_extension(extension)
