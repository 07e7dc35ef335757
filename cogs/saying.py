"""What `/say` is asked for, and how a member's texts are delivered."""

from __future__ import annotations

from bot.errors import UserError
from bot.i18n import _
from bot.settings.delivery import delivery_for
from bot.speech.delivery import NOTHING_SET, Delivery, DeliverySettings
from bot.speech.service import Utterance
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import delivery_of, settings_of
from cogs.mentions import names_in
from cogs.permissions import voice_refusal
from cogs.ui import Interaction, command_names, guild_of, reference_to, services_of
from storage.types import VoiceProfile


async def delivery_in(
    interaction: Interaction, voice: VoiceProfile, text: DeliverySettings = NOTHING_SET
) -> Delivery:
    """Return how a text of the member is delivered here. text: what it has of its own."""
    settings, guild_id = services_of(interaction).settings, guild_of(interaction)
    return await delivery_for(settings, guild_id, interaction.user.id, delivery_of(voice), text)


async def utterance_of(
    interaction: Interaction,
    text: str,
    voice: VoiceProfile,
    language: str | None,
    settings: VoiceSettings,
    delivery: DeliverySettings,
) -> Utterance:
    """Return what a member wants to have said, planned.

    Raises UserError for nothing to say, too much, and a voice that cannot speak.
    """
    services, guild_id = services_of(interaction), guild_of(interaction)
    utterance = Utterance(
        text,
        reference_to(services, voice),
        guild_id=guild_id,
        language=language or voice.language,
        voice_settings=settings_of(voice),
        settings=settings,
        names=names_in(interaction, text),
        dictionary=await services.dictionary.of(guild_id, interaction.user.id),
        delivery=await delivery_in(interaction, voice, delivery),
        repeats=(await services.settings.guild(guild_id)).cache_phrases,
    )
    return await services.speech.planned(utterance)


async def own_voice(interaction: Interaction) -> VoiceProfile:
    """Return the voice that speaks for the member. Raises UserError where there is none."""
    voice, refused = await voice_of(interaction)
    if voice is not None:
        return voice
    if refused is not None:
        raise UserError(refused)
    command = command_names(interaction)
    raise UserError(
        _(
            "You have no voice here yet. Make one with {enroll}, or name one of those in {list}."
        ).format(enroll=command("enroll"), list=command("voice list"))
    )


async def voice_of(interaction: Interaction) -> tuple[VoiceProfile | None, str | None]:
    """Return the voice that speaks for the member who names none, if there is one.

    What they may not speak as, or no more, is passed over; if nothing else is there, also why the
    first of those does not speak for them.
    """
    choices = services_of(interaction).choices
    refused = None
    for voice in await choices.voices_for(guild_of(interaction), interaction.user.id):
        reason = await voice_refusal(interaction, voice)
        if reason is None:
            return voice, None
        refused = refused or reason
    return None, refused
