"""What is kept of repeated phrases goes with the recording that they were said with."""

from __future__ import annotations

import pytest

from bot.speech.service import Utterance
from bot.speech.types import VoiceReference, VoiceSettings
from storage.types import NewVoice, ReferenceClip
from tests.e2e.live import Live
from tests.samples import speech_samples

UNKNOWN = {"pitch_hz": None, "quality": None}

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("change", ["delete", "replace"])
async def test_a_voice_that_changes_leaves_the_cache_at_once(live: Live, change: str) -> None:
    clip = ReferenceClip(speech_samples(4, 1.3))
    voice = await live.voices.add(NewVoice(live.discord.add_guild().id, "Ben"), clip)
    live.bot.services.watch.use(voice)
    path = live.voices.clip_path(voice)
    reference = VoiceReference(path, voice.clip_sha256, voice.pitch_hz, voice.language)
    utterance = Utterance("Be right back.", reference, settings=VoiceSettings(seed=1))
    before = len(live.desk.phrases)
    for _ in range(2):
        await live.desk.preview(utterance)
    assert len(live.desk.phrases) == before + 1
    if change == "delete":
        await live.voices.delete(voice.id)
    else:
        await live.voices.replace(voice.id, ReferenceClip(speech_samples(4, 1.4)), **UNKNOWN)
    await live.bot.services.watch.look()
    assert len(live.desk.phrases) == before
