"""Names and descriptions of commands in the languages of the interface."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands

from bot.i18n import SOURCE_LOCALE, in_locale, load_catalogues, pgettext, supported

CONTEXTS = {
    app_commands.TranslationContextLocation.command_name: "command name",
    app_commands.TranslationContextLocation.group_name: "command name",
    app_commands.TranslationContextLocation.parameter_name: "option name",
    app_commands.TranslationContextLocation.choice_name: "choice",
    app_commands.TranslationContextLocation.command_description: "description",
    app_commands.TranslationContextLocation.group_description: "description",
    app_commands.TranslationContextLocation.parameter_description: "description",
}
"""The catalogues' context of each text: names are bound to Discord's rules, other texts are not."""

MENU_NAME = "menu"
"""The context of the names of context menus, which may have capitals and spaces."""


def context_of(context: app_commands.TranslationContextTypes) -> str:
    """Return under which context the catalogues have a text of a command."""
    if isinstance(context.data, app_commands.ContextMenu):
        return MENU_NAME
    return CONTEXTS.get(context.location, "description")


class CommandTranslator(app_commands.Translator):
    """Gives Discord the catalogues' translations; what they lack stays English."""

    async def load(self) -> None:
        """Read the catalogues, without holding up the event loop."""
        await asyncio.to_thread(load_catalogues)

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """Return a text in one of Discord's languages; None where it is not translated."""
        name = supported(locale.value)
        if name == SOURCE_LOCALE:
            return None
        with in_locale(name):
            translation = str(pgettext(context_of(context), string.message))
        return translation if translation != string.message else None
