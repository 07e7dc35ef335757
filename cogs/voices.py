"""`/voice`: looking at voices, hearing them, changing them, choosing one."""

from __future__ import annotations

import io
from dataclasses import asdict

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.errors import EngineError
from bot.speech.service import Utterance
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import check_ranges, ignored, model_of, settings_of
from cogs import cards
from cogs.tuning import LANGUAGE_CHOICES, MEANINGS, CfgWeight, Exaggeration, Seed, Temperature
from cogs.ui import (
    Interaction,
    OwnVoiceOption,
    VoiceOption,
    engine_note,
    guild_of,
    manages_guild,
    reference_to,
)
from cogs.voice_views import DeletionQuestion, VoicePages
from storage.names import MAX_NAME_LENGTH
from storage.types import VoiceProfile

PREVIEW_TEXT = "Hello! This is how I sound. Shall I read something for you?"

PREVIEWS, PREVIEW_PERIOD_SECONDS = 3, 30.0
"""So many previews a member may ask for within that time: each takes the engine's time."""

AnyVoice = app_commands.Transform[VoiceProfile, VoiceOption]
OwnVoice = app_commands.Transform[VoiceProfile, OwnVoiceOption]
NewName = app_commands.Range[str, 1, MAX_NAME_LENGTH]


@app_commands.guild_only()
class Voices(commands.GroupCog, name="voice", description="The voices of this server"):
    """Voices that are there."""

    def __init__(self, bot: MynahBot) -> None:
        self._services = bot.services
        super().__init__()

    @app_commands.command(name="list", description="Show the voices that can be used here")
    async def list_voices(self, interaction: Interaction) -> None:
        """Show them page by page."""
        view = VoicePages(interaction)
        page = await view.render()
        await interaction.response.send_message(embed=page, view=view, ephemeral=True)

    @app_commands.command(description="Show what is known about a voice")
    @app_commands.describe(voice="Which voice")
    async def info(self, interaction: Interaction, voice: AnyVoice) -> None:
        """Show its card."""
        await interaction.response.send_message(embed=cards.voice_card(voice), ephemeral=True)

    @app_commands.command(description="Hear a voice without a voice channel")
    @app_commands.describe(voice="Which voice")
    @app_commands.checks.cooldown(PREVIEWS, PREVIEW_PERIOD_SECONDS)
    async def preview(self, interaction: Interaction, voice: AnyVoice) -> None:
        """Attach a sentence that it speaks."""
        if not self._services.engine.ready:
            raise EngineError("The voice engine is still loading. Try again in a minute.")
        utterance = Utterance(
            PREVIEW_TEXT,
            reference_to(self._services, voice),
            guild_id=guild_of(interaction),
            language=voice.language,
            voice_settings=settings_of(voice),
        )
        await _defer(interaction)
        preview = await self._services.speech.preview(utterance)
        notes = "".join(f"\n-# {note}" for note in preview.notes)
        about = f"{engine_note(self._services.engine)}{notes}"
        await interaction.edit_original_response(
            content=f"This is {cards.quoted(voice.name)}.{about}",
            attachments=[discord.File(io.BytesIO(preview.ogg), "preview.ogg")],
        )

    @app_commands.command(description="Give a voice of yours another name")
    @app_commands.describe(voice="Which voice", name="What it is called from now on")
    async def rename(self, interaction: Interaction, voice: OwnVoice, name: NewName) -> None:
        """Rename it."""
        await _defer(interaction)
        renamed = await self._services.voices.rename(voice.id, name)
        await interaction.edit_original_response(
            content=f"{cards.quoted(voice.name)} is now called {cards.quoted(renamed.name)}."
        )

    @app_commands.command(description="Set how a voice of yours speaks")
    @app_commands.describe(
        voice="Which voice",
        **MEANINGS,
        language="The language that the speaker speaks",
        reset="Go back to the defaults first; the language stays",
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def tune(
        self,
        interaction: Interaction,
        voice: OwnVoice,
        exaggeration: Exaggeration | None = None,
        cfg_weight: CfgWeight | None = None,
        temperature: Temperature | None = None,
        seed: Seed | None = None,
        language: str | None = None,
        reset: bool = False,
    ) -> None:
        """Set what is given; with nothing given, show what is set."""
        given = VoiceSettings(exaggeration, cfg_weight, temperature, seed)
        check_ranges(given)
        settings = given if reset else given.over(settings_of(voice))
        spoken = language or voice.language
        await _defer(interaction)
        if settings != settings_of(voice) or spoken != voice.language:
            await self._services.voices.tune(voice.id, **asdict(settings), language=spoken)
        await interaction.edit_original_response(
            content=cards.tuned(voice.name, settings, spoken) + self._ignored(settings)
        )

    def _ignored(self, settings: VoiceSettings) -> str:
        """Say at once what the engine that is loaded makes nothing of."""
        info = self._services.engine.info
        notes = () if info is None else ignored(model_of(info), settings)
        return "".join(f"\n-# {note}" for note in notes)

    @app_commands.command(description="Delete a voice of yours and its recording")
    @app_commands.describe(voice="Which voice")
    async def delete(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Ask first."""
        await interaction.response.send_message(
            f"Delete {cards.quoted(voice.name)}? Its recording is deleted too, for good.",
            view=DeletionQuestion(interaction, voice),
            ephemeral=True,
        )

    @app_commands.command(description="Choose the voice that speaks when none is named")
    @app_commands.describe(
        voice="Which voice; leave it out to take the choice back",
        server="For everybody here who has no voice of their own (needs Manage Server)",
    )
    async def default(
        self, interaction: Interaction, voice: AnyVoice | None = None, server: bool = False
    ) -> None:
        """Choose for oneself or for the guild."""
        await _defer(interaction)
        text = await (self._choose_for_guild if server else self._choose)(interaction, voice)
        await interaction.edit_original_response(content=text)

    async def _choose(self, interaction: Interaction, voice: VoiceProfile | None) -> str:
        choices, guild_id, user_id = (
            self._services.choices,
            guild_of(interaction),
            interaction.user.id,
        )
        await choices.set_member_default(guild_id, user_id, voice.id if voice else None)
        if voice is not None:
            return f"{cards.quoted(voice.name)} speaks for you on this server from now on."
        other = await choices.voice_for(guild_id, user_id)
        if other is None:
            return (
                "You have no voice now. Make one with `/enroll`, or name one when you use `/say`."
            )
        return f"You have no choice of your own now; {cards.quoted(other.name)} speaks for you."

    async def _choose_for_guild(self, interaction: Interaction, voice: VoiceProfile | None) -> str:
        if not manages_guild(interaction):
            raise app_commands.MissingPermissions(["manage_guild"])
        await self._services.choices.set_guild_default(
            guild_of(interaction), voice.id if voice else None
        )
        if voice is None:
            return "This server has no default voice now."
        return f"{cards.quoted(voice.name)} now speaks for everybody here without a voice."


async def _defer(interaction: Interaction) -> None:
    """Answer later: the database may be locked by another program for longer than 3 s."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Voices(bot))
