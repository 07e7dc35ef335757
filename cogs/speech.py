"""`/say`: a text becomes speech, in a voice channel or in a file."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import structlog
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.errors import EngineDeadError
from bot.moderation import TextSpoken
from bot.settings.permissions import Action
from bot.speech.delivery import DeliverySettings
from bot.speech.service import Utterance
from bot.speech.types import Speech, VoiceSettings
from bot.speech.voice_settings import check_ranges, takes_cost
from bot.voice.limits import Room
from bot.voice.utterances import SayRequest
from cogs import cards
from cogs.call import channel_of, player_in
from cogs.dictionary.becoming import dictionary_notes
from cogs.moderation import tell
from cogs.permissions import SpeakingRight, count_text, permitted, require
from cogs.progress import ProgressLine
from cogs.saying import own_voice, utterance_of
from cogs.speech_cards import say_text
from cogs.spoken_file import answer_with_file
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
from cogs.ui import Interaction, engine_note, reply
from cogs.voice_option import UsableVoice
from storage.errors import StorageError
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

MAX_TEXT = 600
"""Characters of one `/say`: about 40 s in an alphabet, 2 to 3 min of Chinese."""


class SpeechCog(commands.Cog, name="Speech"):
    """Speaking in voice channels."""

    def __init__(self, bot: MynahBot) -> None:
        self._services = bot.services
        self._lines: weakref.WeakSet[ProgressLine] = weakref.WeakSet()

    async def cog_unload(self) -> None:
        """Tell everybody how their text ended; voice is closed already."""
        await asyncio.gather(*(line.flush() for line in self._lines))

    @app_commands.command(description="Say something in your voice channel")
    @app_commands.guild_only()
    @app_commands.describe(
        text="What to say, up to 600 characters",
        voice="Whose voice; yours if you leave it out",
        language="The language of the text; the voice's if you leave it out",
        file="Answer with the speech as a file, instead of in the voice channel",
        **MEANINGS,
    )
    @app_commands.rename(**RENAMED)
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def say(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, MAX_TEXT],
        voice: UsableVoice | None = None,
        language: str | None = None,
        speed: Speed | None = None,
        volume_db: Volume | None = None,
        file: bool = False,
        exaggeration: Exaggeration | None = None,
        cfg_weight: CfgWeight | None = None,
        temperature: Temperature | None = None,
        seed: Seed | None = None,
        takes: Takes | None = None,
    ) -> None:
        """Queue the text and follow it in the same answer, or answer with the speech."""
        settings = VoiceSettings(exaggeration, cfg_weight, temperature, seed, takes)
        heard = DeliverySettings(speed, volume_db)
        check_ranges(settings)
        check_ranges(heard)
        await require(interaction, Action.SAY)
        voice = voice or await own_voice(interaction)
        utterance = await utterance_of(interaction, text, voice, language, settings, heard)
        await (answer_with_file if file else self._queue)(interaction, voice, utterance)
        await self._mark_used(voice)

    async def _queue(
        self, interaction: Interaction, voice: VoiceProfile, utterance: Utterance
    ) -> None:
        channel = channel_of(interaction)
        right = await permitted(interaction, Action.SAY, voice, channel)
        utterance = replace(utterance, current_voice=right.reference)
        await count_text(interaction)
        player = await player_in(channel, interaction)
        self._services.watch.use(voice)
        line = ProgressLine(interaction)
        self._lines.add(line)
        settings = await self._services.settings.guild(utterance.guild_id)
        request = self._request(interaction, voice, utterance, channel.id, line, right)
        room = Room(settings.server_queue, settings.queue_per_member)
        ticket = player.say(replace(request, room=room))
        answer = say_text(interaction.user.display_name, voice.name, ticket)
        answer += await self._notes(utterance)
        await reply(interaction, answer)
        line.open(answer)
        said = TextSpoken(interaction.user.id, voice.name, utterance.text, channel.id)
        tell(interaction.client, utterance.guild_id, said)

    def _request(
        self,
        interaction: Interaction,
        voice: VoiceProfile,
        utterance: Utterance,
        channel_id: int,
        line: ProgressLine,
        right: SpeakingRight,
    ) -> SayRequest:
        sentences = utterance.sentences or ()
        return SayRequest(
            member_id=interaction.user.id,
            channel_id=channel_id,
            voice_name=voice.name,
            text=utterance.text,
            sentences=len(sentences),
            speak=lambda due: self._speak(interaction.user.id, utterance, due),
            on_progress=line.report,
            spoken=" ".join(sentences),
            voice_id=voice.id,
            owner_id=voice.owner_id,
            refusal=right.refusal,
            speed=utterance.delivery.speed,
        )

    async def _notes(self, utterance: Utterance) -> str:
        engine = self._services.engine
        settings = utterance.settings.over(utterance.voice_settings)
        notes = cards.notes(takes_cost(settings, engine.info))
        notes += cards.notes(await dictionary_notes(self._services, utterance))
        return engine_note(engine) + notes

    async def _mark_used(self, voice: VoiceProfile) -> None:
        try:
            await self._services.voices.mark_used(voice.id)
        except StorageError as error:  # such as a full disk; the text is being said all the same
            log.warning(
                "use not counted",
                guild=voice.guild_id,
                voice=voice.name,
                stage="command",
                error=str(error),
            )

    async def _speak(
        self, member_id: int, utterance: Utterance, due: Callable[[], float]
    ) -> AsyncGenerator[Speech, None]:
        self._services.reading.interrupted(utterance.guild_id, member_id)
        async with contextlib.aclosing(self._services.speech.speak(utterance, due)) as sentences:
            try:
                async for speech in sentences:
                    yield speech
            except EngineDeadError as error:
                log.error(
                    "nothing can be said",
                    guild=utterance.guild_id,
                    stage="engine",
                    error=str(error),
                )
                raise


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(SpeechCog(bot))
