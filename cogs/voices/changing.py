"""`/voice rename`, `tune` and `delete`."""

from __future__ import annotations

from dataclasses import asdict

from discord import app_commands
from discord.ext import commands

from bot.i18n import _
from bot.services import EngineStatus
from bot.settings.permissions import Action
from bot.speech.delivery import DeliverySettings
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import (
    check_ranges,
    delivery_of,
    model_of,
    setting_notes,
    settings_of,
    takes_notes,
)
from cogs import cards
from cogs.permissions import require
from cogs.tuning import (
    LANGUAGE_CHOICES,
    MEANINGS,
    RENAMED,
    CfgWeight,
    Exaggeration,
    Seed,
    Speed,
    Takes,
    Temperature,
    Volume,
)
from cogs.ui import Interaction, defer, services_of
from cogs.voice_option import OwnVoice
from cogs.voice_views import DeletionQuestion
from storage.names import MAX_NAME_LENGTH

NewName = app_commands.Range[str, 1, MAX_NAME_LENGTH]


class Changing(commands.Cog):
    """For who owns a voice, or manages the server."""

    @app_commands.command(description="Give a voice of yours another name")
    @app_commands.describe(voice="Which voice", name="What it is called from now on")
    async def rename(self, interaction: Interaction, voice: OwnVoice, name: NewName) -> None:
        """Rename it."""
        await defer(interaction)
        await require(interaction, Action.CHANGE, anywhere=True)
        services = services_of(interaction)
        services.enrolment.refuse_no_go_name(name)
        renamed = await services.voices.rename(voice.id, name, by=interaction.user.id)
        await interaction.edit_original_response(
            content=_("{voice} is now called {name}.").format(
                voice=cards.quoted(voice.name), name=cards.quoted(renamed.name)
            )
        )

    @app_commands.command(description="Set how a voice of yours speaks")
    @app_commands.describe(
        voice="Which voice",
        **MEANINGS,
        language="The language that the speaker speaks",
        reset="Go back to the defaults first, also for the language",
    )
    @app_commands.rename(**RENAMED)
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def tune(
        self,
        interaction: Interaction,
        voice: OwnVoice,
        exaggeration: Exaggeration | None = None,
        cfg_weight: CfgWeight | None = None,
        temperature: Temperature | None = None,
        seed: Seed | None = None,
        takes: Takes | None = None,
        speed: Speed | None = None,
        volume_db: Volume | None = None,
        language: str | None = None,
        reset: bool = False,
    ) -> None:
        """Set what is given; with nothing given, show what is set."""
        given = VoiceSettings(exaggeration, cfg_weight, temperature, seed, takes)
        heard = DeliverySettings(speed, volume_db)
        check_ranges(given)
        check_ranges(heard)
        settings = given if reset else given.over(settings_of(voice))
        delivery = heard if reset else heard.over(delivery_of(voice))
        spoken, services = language or (None if reset else voice.language), services_of(interaction)
        await defer(interaction)
        await require(interaction, Action.CHANGE, anywhere=True)
        before = (settings_of(voice), delivery_of(voice), voice.language)
        if (settings, delivery, spoken) != before:
            values = asdict(settings) | asdict(delivery)
            await services.voices.tune(voice.id, **values, language=spoken, by=interaction.user.id)
        told = cards.tuned(voice.name, settings, delivery, spoken)
        text = told + _notes(services.engine, settings)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description="Delete a voice of yours and its recording")
    @app_commands.describe(voice="Which voice")
    async def delete(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Ask first."""
        await interaction.response.send_message(
            _("Delete {voice}? Its recording is deleted too, for good.").format(
                voice=cards.quoted(voice.name)
            ),
            view=DeletionQuestion(interaction, voice),
            ephemeral=True,
        )


def _notes(engine: EngineStatus, settings: VoiceSettings) -> str:
    """Say at once what the engine makes little or nothing of, and what takes cost."""
    notes = () if engine.info is None else setting_notes(model_of(engine.info), settings)
    notes += takes_notes(settings, engine.info)
    return cards.notes(notes)
