"""`/dictionary add` and `remove`."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.i18n import _, listed
from bot.moderation import EntrySet
from cogs.dictionary.becoming import becomes
from cogs.dictionary.clearing import ask_to_clear
from cogs.dictionary.options import (
    MEANINGS,
    SERVER,
    Spoken,
    Text,
    Written,
    WrittenOption,
    changed_owner,
)
from cogs.dictionary.words import entry_line, removed_text, saved_card
from cogs.moderation import tell
from cogs.tuning import LANGUAGE_CHOICES
from cogs.ui import Interaction, defer, services_of
from storage.dictionary import Entry, Owner


def set_by(interaction: Interaction, entry: Entry) -> EntrySet:
    """Return what the moderation channel is told of an entry."""
    return EntrySet(interaction.user.id, entry_line(entry))


class Changing(commands.Cog):
    """Entries come and go."""

    @app_commands.command(description="Set how a word, an emoji or a pattern is spoken")
    @app_commands.describe(**MEANINGS, server=SERVER)
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def add(
        self,
        interaction: Interaction,
        written: Written,
        spoken: Spoken = "",
        pattern: bool = False,
        language: str | None = None,
        text: Text | None = None,
        server: bool = False,
    ) -> None:
        """Store an entry, in the place of one that is for the same."""
        await defer(interaction)
        owner = await changed_owner(interaction, server)
        dictionary = services_of(interaction).dictionary
        entry, replaced = await dictionary.add(
            owner, Entry(written, spoken, pattern, language or ""), interaction.user.id
        )
        if server:
            tell(interaction.client, owner.guild_id, set_by(interaction, entry))
        card = saved_card(entry, replaced=replaced, server=server)
        if text is not None:
            matcher = await dictionary.with_entry(owner, entry)
            card.add_field(**await becomes(interaction, text, language, matcher), inline=False)
        await interaction.edit_original_response(embed=card)

    @app_commands.command(description="Remove what you or the server set for a word")
    @app_commands.describe(
        written="Which entry",
        language="Only the one for this language; for all if you leave it out",
        everything="All entries; you are asked once more",
        server=SERVER,
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def remove(
        self,
        interaction: Interaction,
        written: app_commands.Transform[str, WrittenOption] | None = None,
        language: str | None = None,
        everything: bool = False,
        server: bool = False,
    ) -> None:
        """Remove it at once, because it can be added again; all only after a question."""
        await defer(interaction)
        owner = await changed_owner(interaction, server, removing=True)
        if everything:
            await ask_to_clear(interaction, owner, server)
        elif written is None:
            raise UserError(_("Name the entry that shall go, or choose “everything”."))
        else:
            await _remove(interaction, owner, written, language)


async def _remove(
    interaction: Interaction, owner: Owner, written: str, language: str | None
) -> None:
    removed = await services_of(interaction).dictionary.remove(
        owner, written, language, by=interaction.user.id
    )
    if not owner.user_id:
        gone = listed(map(entry_line, removed))
        tell(interaction.client, owner.guild_id, EntrySet(interaction.user.id, gone, True))
    await interaction.edit_original_response(content=removed_text(removed))
