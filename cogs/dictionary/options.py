"""The options of `/dictionary`: what is written, whose dictionary."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.dictionary.entries import MAX_SPOKEN, MAX_WRITTEN
from bot.errors import UserError
from bot.settings.permissions import Action, dictionary_refusal
from cogs.dictionary.words import entry_line
from cogs.permissions import facts_of, require
from cogs.ui import Interaction, guild_of, services_of
from storage.dictionary import Entry, Owner
from storage.errors import StorageError

MAX_TEXT = 600
"""Characters of a text that an entry is tried on, as of `/say`."""

MAX_CHOICES = 25
MAX_LABEL = 100
"""Of what Discord offers while somebody types
(https://discord.com/developers/docs/interactions/application-commands)."""

Written = app_commands.Range[str, 1, MAX_WRITTEN]
Spoken = app_commands.Range[str, 1, MAX_SPOKEN]
Text = app_commands.Range[str, 1, MAX_TEXT]

MEANINGS = {
    "written": "A word, several, an emoji or its :name:; with “pattern”, a regular expression",
    "spoken": "How it is spoken; not at all if you leave it out",
    "pattern": "Whether it is a regular expression; \\1 in “spoken” is then its first group",
    "language": "Only for texts in this language",
    "text": "A text to try it on",
}
"""What the options of an entry are for."""

SERVER = "For everybody here (needs Manage Server, or a role chosen in the settings)"


def count_use(limit: commands.CooldownMapping[Interaction], interaction: Interaction) -> None:
    """Count what a member does. Raises CommandOnCooldown where it is too often."""
    bucket = limit.get_bucket(interaction)
    if bucket is not None and (wait := bucket.update_rate_limit()) is not None:
        raise app_commands.CommandOnCooldown(bucket, wait)


def owner_of(interaction: Interaction, server: bool) -> Owner:
    """Return whose dictionary is meant: the member's or the server's."""
    return Owner(guild_of(interaction), 0 if server else interaction.user.id)


async def changed_owner(interaction: Interaction, server: bool, *, removing: bool = False) -> Owner:
    """Return whose dictionary shall be changed. removing: that one may always do with one's own.

    Raises UserError if it is not the member's to do, StorageError.
    """
    if server and (refused := await _refusal(interaction)) is not None:
        raise UserError(refused)
    if not removing:
        await require(interaction, Action.CHOOSE)
    elif server:
        await require(interaction, Action.CHANGE, anywhere=True)
    return owner_of(interaction, server)


async def may_change_servers(interaction: Interaction) -> bool:
    """Whether the member may change the server's dictionary. Raises StorageError."""
    return await _refusal(interaction) is None


async def _refusal(interaction: Interaction) -> str | None:
    member = interaction.user
    assert isinstance(member, discord.Member), "the commands exist in guilds alone"
    settings = await services_of(interaction).settings.guild(guild_of(interaction))
    return dictionary_refusal(facts_of(member), settings)


class WrittenOption(app_commands.Transformer):
    """An option that names an entry that there is."""

    async def transform(self, interaction: Interaction, value: Any, /) -> str:
        """Return it as it was typed."""
        return str(value)

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer entries in which that occurs."""
        owner = owner_of(interaction, getattr(interaction.namespace, "server", False) is True)
        try:
            entries = await services_of(interaction).dictionary.entries(owner)
        except StorageError:
            return []  # nobody reads errors while typing; the command itself will tell
        found = found_in(entries, str(value))
        by_written = {entry.written: entry for entry in reversed(found)}
        return [
            app_commands.Choice(name=entry_line(entry)[:MAX_LABEL], value=entry.written)
            for entry in list(reversed(by_written.values()))[:MAX_CHOICES]
        ]


def found_in(entries: list[Entry], text: str) -> list[Entry]:
    """Return the entries in which a text occurs by what is written, those first that begin so."""
    wanted = text.strip().casefold()
    found = [e for e in entries if wanted in e.written.casefold() or wanted in e.spoken.casefold()]
    return sorted(found, key=lambda entry: _order(entry, wanted))


def _order(entry: Entry, wanted: str) -> tuple[bool, str]:
    written = entry.written.casefold()
    return not written.startswith(wanted), written
