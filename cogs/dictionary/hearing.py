"""`/dictionary hear`: what an entry does, before it is saved."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.dictionary.matcher import Matcher
from bot.errors import EngineError, UserError
from bot.i18n import N_, _
from bot.settings.permissions import Action
from bot.speech.service import Utterance
from bot.speech.voice_settings import settings_of
from cogs import cards
from cogs.dictionary.becoming import becomes
from cogs.dictionary.changing import set_by
from cogs.dictionary.options import (
    MEANINGS,
    Spoken,
    Text,
    Written,
    changed_owner,
    count_use,
    may_change_servers,
    owner_of,
)
from cogs.dictionary.words import saved_card
from cogs.mentions import names_in
from cogs.moderation import tell
from cogs.permissions import SpeakingRight, count_text, permitted
from cogs.saying import delivery_in, own_voice
from cogs.spoken_preview import spoken_preview
from cogs.tuning import LANGUAGE_CHOICES
from cogs.ui import (
    Interaction,
    defer,
    engine_note,
    guild_of,
    reference_to,
    services_of,
)
from cogs.views import OwnedView
from cogs.voice_option import UsableVoice
from storage.dictionary import Entry
from storage.types import VoiceProfile

FILE_NAME = "dictionary.ogg"

HEARD, PERIOD_SECONDS = 5, 30.0
"""So often a member may hear something within that time: each takes the engine's time."""


class Hearing(commands.Cog):
    """An entry is heard first."""

    def __init__(self) -> None:
        super().__init__()
        # Not the library's decorator, whose state belongs to the module and outlives the bot.
        self._heard: commands.CooldownMapping[Interaction] = commands.CooldownMapping.from_cooldown(
            HEARD, PERIOD_SECONDS, lambda interaction: interaction.user.id
        )

    @app_commands.command(description="Hear what an entry does before you save it")
    @app_commands.describe(**MEANINGS, voice="Whose voice; yours if you leave it out")
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def hear(
        self,
        interaction: Interaction,
        written: Written,
        spoken: Spoken = "",
        pattern: bool = False,
        language: str | None = None,
        text: Text | None = None,
        voice: UsableVoice | None = None,
    ) -> None:
        """Answer with the text as speech, and ask whether to save."""
        entry = Entry(written, spoken, pattern, language or "")
        if pattern and text is None:
            raise UserError(_("Give a text that the pattern finds something in."))
        if not services_of(interaction).engine.ready:
            raise EngineError(_("The voice engine is still loading. Try again in a minute."))
        count_use(self._heard, interaction)
        await count_text(interaction)
        await defer(interaction)
        voice = voice or await own_voice(interaction)
        right = await permitted(interaction, Action.SAY, voice, None)
        matcher = await services_of(interaction).dictionary.with_entry(
            owner_of(interaction, False), entry
        )
        utterance = await _utterance(interaction, text or written, entry, voice, matcher)
        view = SaveEntry(interaction, entry, for_server=await may_change_servers(interaction))
        await _answer(interaction, voice, utterance, view, right)


async def _utterance(
    interaction: Interaction, text: str, entry: Entry, voice: VoiceProfile, matcher: Matcher
) -> Utterance:
    services = services_of(interaction)
    services.watch.use(voice)
    return Utterance(
        text,
        reference_to(services, voice),
        guild_id=guild_of(interaction),
        language=entry.language or voice.language,
        voice_settings=settings_of(voice),
        names=names_in(interaction, text),
        dictionary=matcher,
        delivery=await delivery_in(interaction, voice),
    )


async def _answer(
    interaction: Interaction,
    voice: VoiceProfile,
    utterance: Utterance,
    view: SaveEntry,
    right: SpeakingRight,
) -> None:
    services = services_of(interaction)
    card = cards.embed(_("Nothing is saved yet"))
    assert utterance.dictionary is not None
    becoming = await becomes(interaction, utterance.text, utterance.language, utterance.dictionary)
    card.add_field(**becoming, inline=False)
    try:
        utterance = await services.speech.planned(utterance)
    except UserError:  # nothing of it is spoken, which is what the entry may be for
        await interaction.edit_original_response(embed=card, view=view)
        return
    preview = await spoken_preview(interaction, voice, utterance, right)
    notes = cards.notes((_(cards.SYNTHETIC), *preview.notes))
    card.description = (engine_note(services.engine) + notes).strip()
    await interaction.edit_original_response(
        embed=card, view=view, attachments=[discord.File(io.BytesIO(preview.ogg), FILE_NAME)]
    )


class SaveEntry(OwnedView):
    """Asks whether an entry that was heard shall be kept, and for whom."""

    def __init__(self, interaction: Interaction, entry: Entry, *, for_server: bool) -> None:
        super().__init__(interaction)
        self._entry = entry
        if not for_server:
            self.remove_item(self.for_server)

    @discord.ui.button(label=N_("Save for me"), style=discord.ButtonStyle.primary)
    async def for_me(self, interaction: Interaction, button: discord.ui.Button[SaveEntry]) -> None:
        """Put it into the member's dictionary."""
        await self._save(interaction, server=False)

    @discord.ui.button(label=N_("Save for the server"), style=discord.ButtonStyle.secondary)
    async def for_server(
        self, interaction: Interaction, button: discord.ui.Button[SaveEntry]
    ) -> None:
        """Put it into the server's dictionary."""
        await self._save(interaction, server=True)

    async def _save(self, interaction: Interaction, *, server: bool) -> None:
        await interaction.response.defer()
        owner = await changed_owner(interaction, server)
        entry, replaced = await services_of(interaction).dictionary.add(
            owner, self._entry, interaction.user.id
        )
        self.stop()
        if server:
            tell(interaction.client, owner.guild_id, set_by(interaction, entry))
        card = saved_card(entry, replaced=replaced, server=server)
        await self.edit(embed=card, view=None)
