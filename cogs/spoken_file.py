"""`/say file:True`: the answer carries the speech, and no voice channel is needed."""

from __future__ import annotations

import asyncio
import io

import discord

from bot.errors import EngineError, UserError
from bot.i18n import _
from bot.moderation import TextSpoken
from bot.settings.permissions import Action
from bot.speech.desk import Preview
from bot.speech.service import Utterance
from cogs import cards
from cogs.dictionary.becoming import dictionary_notes
from cogs.moderation import tell
from cogs.permissions import SpeakingRight, count_text, permitted
from cogs.spoken_preview import spoken_preview
from cogs.ui import Interaction, defer, engine_note, guild_of, services_of
from storage.types import VoiceProfile

FILE_NAME = "speech.ogg"

MOST_SECONDS = 14 * 60.0
"""That a file may take: Discord takes an answer for 15 minutes."""


async def answer_with_file(
    interaction: Interaction, voice: VoiceProfile, utterance: Utterance
) -> None:
    """Answer with the utterance as an Ogg Opus file.

    Raises UserError where the member may not, and for a file that is too large for Discord;
    EngineError where it takes too long; what `SpeechDesk.preview` raises.
    """
    services = services_of(interaction)
    right = await permitted(interaction, Action.SAY, voice, None)
    if not services.engine.ready:
        raise EngineError(_("The voice engine is still loading. Try again in a minute."))
    await count_text(interaction)
    services.watch.use(voice)
    await defer(interaction)
    spoken = await _spoken(interaction, voice, utterance, right)
    _require_size(interaction, len(spoken.ogg))
    notes = spoken.notes + await dictionary_notes(services, utterance)
    about = engine_note(services.engine) + cards.notes((_(cards.SYNTHETIC), *notes))
    await interaction.edit_original_response(
        content=_("Spoken by {voice}:").format(voice=cards.quoted(voice.name)) + about,
        attachments=[discord.File(io.BytesIO(spoken.ogg), FILE_NAME)],
    )
    where = interaction.channel_id or guild_of(interaction)
    said = TextSpoken(interaction.user.id, voice.name, utterance.text, where)
    tell(interaction.client, utterance.guild_id, said)


async def _spoken(
    interaction: Interaction, voice: VoiceProfile, utterance: Utterance, right: SpeakingRight
) -> Preview:
    """Return the file while Discord still takes an answer."""
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await spoken_preview(interaction, voice, utterance, right)
    except TimeoutError:
        raise EngineError(
            _("This took longer than Discord waits for an answer. Try a shorter text.")
        ) from None


def _require_size(interaction: Interaction, size: int) -> None:
    most = interaction.filesize_limit
    if size > most:
        text = _(
            "The file has {size:.1f} MB, and here Discord takes {most:.0f} MB. Try a shorter text."
        )
        raise UserError(text.format(size=size / 1e6, most=most / 1e6))
