"""Speech that is handed out as a file, and written down in the audit trail."""

from __future__ import annotations

from dataclasses import replace

from bot.audit.events import Spoken
from bot.speech.desk import Preview
from bot.speech.service import Utterance
from cogs.permissions import SpeakingRight
from cogs.ui import Interaction, guild_of, services_of
from storage.types import VoiceProfile


async def spoken_preview(
    interaction: Interaction, voice: VoiceProfile, utterance: Utterance, right: SpeakingRight
) -> Preview:
    """Return an utterance in a voice as a file, if the member may still speak as it then.

    Raises UserError where they may not, and what `SpeechDesk.preview` raises.
    """
    services = services_of(interaction)
    utterance = replace(utterance, current_voice=right.reference)
    preview = await services.speech.preview(utterance)
    await right.require()  # it may have been paused since
    event = Spoken(
        by=interaction.user.id,
        voice_id=voice.id,
        owner_id=voice.owner_id,
        milliseconds=preview.milliseconds,
        packets_sha256=preview.packets_sha256,
        way="file",
        channel_id=interaction.channel_id,
        text=utterance.text,
    )
    await services.audit.record(guild_of(interaction), event)
    return preview
