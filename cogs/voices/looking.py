"""`/voice list`, `info` and `preview`."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import EngineError
from bot.i18n import N_, _, in_locale, supported
from bot.settings.permissions import Action
from bot.speech.clip_needs import clip_need_of
from bot.speech.service import Utterance
from bot.speech.texts import reads_for
from bot.speech.types import EngineInfo
from bot.speech.voice_settings import settings_of
from cogs import cards
from cogs.access_field import access_field
from cogs.permissions import count_text, permitted
from cogs.saying import delivery_in
from cogs.spoken_preview import spoken_preview
from cogs.ui import (
    Interaction,
    command_names,
    defer,
    engine_note,
    guild_of,
    reference_to,
    services_of,
)
from cogs.voice_option import AnyVoice, UsableVoice
from cogs.voice_views import VoicePages
from storage.types import VoiceProfile

PREVIEW_TEXT = N_("Hello! This is how I sound. Shall I read something for you?")

PREVIEWS, PREVIEW_PERIOD_SECONDS = 3, 30.0
"""So many previews a member may ask for within that time: each takes the engine's time."""


def preview_text(voice: VoiceProfile, engine: EngineInfo | None) -> str:
    """Return what a voice says of itself, in its own language where the engine speaks that."""
    reads = reads_for(engine.kind, engine.model) if engine is not None else reads_for(None)
    with in_locale(supported(reads.language(voice.language))):
        return _(PREVIEW_TEXT)


class Looking(commands.Cog):
    """What voices there are, what is known about one, how it sounds."""

    def __init__(self) -> None:
        # Not the library's decorator, whose state belongs to the module and outlives the bot.
        self._previews: commands.CooldownMapping[Interaction] = (
            commands.CooldownMapping.from_cooldown(
                PREVIEWS, PREVIEW_PERIOD_SECONDS, lambda interaction: interaction.user.id
            )
        )

    @app_commands.command(name="list", description="Show the voices that can be used here")
    async def list_voices(self, interaction: Interaction) -> None:
        """Show them page by page."""
        view = VoicePages(interaction)
        page = await view.render()
        if view.pages > 1:
            await interaction.response.send_message(embed=page, view=view, ephemeral=True)
        else:
            view.stop()
            await interaction.response.send_message(embed=page, ephemeral=True)

    @app_commands.command(description="Show what is known about a voice")
    @app_commands.describe(voice="Which voice")
    async def info(self, interaction: Interaction, voice: AnyVoice) -> None:
        """Show its card."""
        need = clip_need_of(services_of(interaction).engine.info)
        card = cards.voice_card(voice, command_names(interaction), need)
        card.add_field(**await access_field(interaction, voice), inline=False)
        await interaction.response.send_message(embed=card, ephemeral=True)

    @app_commands.command(description="Hear a voice without a voice channel")
    @app_commands.describe(voice="Which voice")
    async def preview(self, interaction: Interaction, voice: UsableVoice) -> None:
        """Attach a sentence that it speaks."""
        right = await permitted(interaction, Action.CHOOSE, voice, None)
        if not services_of(interaction).engine.ready:
            raise EngineError(_("The voice engine is still loading. Try again in a minute."))
        self._count_preview(interaction)
        await count_text(interaction)
        services_of(interaction).watch.use(voice)
        utterance = Utterance(
            preview_text(voice, services_of(interaction).engine.info),
            reference_to(services_of(interaction), voice),
            guild_id=guild_of(interaction),
            language=voice.language,
            voice_settings=settings_of(voice),
            delivery=await delivery_in(interaction, voice),
        )
        await defer(interaction)
        preview = await spoken_preview(interaction, voice, utterance, right)
        notes = cards.notes((_(cards.SYNTHETIC), *preview.notes))
        about = engine_note(services_of(interaction).engine) + notes
        await interaction.edit_original_response(
            content=_("This is {voice}.").format(voice=cards.quoted(voice.name)) + about,
            attachments=[discord.File(io.BytesIO(preview.ogg), "preview.ogg")],
        )

    def _count_preview(self, interaction: Interaction) -> None:
        bucket = self._previews.get_bucket(interaction)
        if bucket is not None and (wait := bucket.update_rate_limit()) is not None:
            raise app_commands.CommandOnCooldown(bucket, wait)
