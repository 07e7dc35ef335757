"""`/say` and what belongs to it: joining, leaving, the queue."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator, Callable

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.command_tree import explain
from bot.errors import EngineDeadError, EngineError, UserError
from bot.speech.service import Utterance
from bot.speech.types import Speech, VoiceSettings
from bot.speech.voice_settings import check_ranges, settings_of
from bot.voice.link import VocalChannel, refusal
from bot.voice.player import GuildPlayer, SkipOutcome
from bot.voice.utterances import SayRequest
from cogs.progress import ProgressLine
from cogs.speech_cards import join_text, privacy_text, queue_card, say_text
from cogs.tuning import LANGUAGE_CHOICES, MEANINGS, CfgWeight, Exaggeration, Seed, Temperature
from cogs.ui import Interaction, VoiceOption, engine_note, guild_of, reference_to
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

MAX_TEXT = 600
"""Characters of one `/say`: about 40 s in an alphabet, 2 to 3 min of Chinese."""

AnyVoice = app_commands.Transform[VoiceProfile, VoiceOption]


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
        **MEANINGS,
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def say(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, MAX_TEXT],
        voice: AnyVoice | None = None,
        language: str | None = None,
        exaggeration: Exaggeration | None = None,
        cfg_weight: CfgWeight | None = None,
        temperature: Temperature | None = None,
        seed: Seed | None = None,
    ) -> None:
        """Queue the text, then follow it in the same answer."""
        settings = VoiceSettings(exaggeration, cfg_weight, temperature, seed)
        check_ranges(settings)
        voice = voice or await self._voice_of(interaction)
        utterance = Utterance(
            text,
            reference_to(self._services, voice),
            guild_id=guild_of(interaction),
            language=language or voice.language,
            voice_settings=settings_of(voice),
            settings=settings,
        )
        sentences = self._services.speech.plan(text, utterance.language)
        channel = _channel_of(interaction)
        player = await self._player_in(channel, interaction)
        line = ProgressLine(interaction)
        self._lines.add(line)
        ticket = player.say(
            SayRequest(
                member_id=interaction.user.id,
                channel_id=channel.id,
                voice_name=voice.name,
                text=text,
                sentences=len(sentences),
                speak=lambda due: self._speak(utterance, due),
                on_progress=line.report,
            )
        )
        answer = say_text(interaction.user.display_name, voice.name, ticket)
        answer += engine_note(self._services.engine)
        await _answer(interaction, answer)
        line.open(answer)
        await self._services.voices.mark_used(voice.id)

    @app_commands.command(description="Call me into a voice channel")
    @app_commands.guild_only()
    @app_commands.describe(channel="Which one; yours if you leave it out")
    async def join(
        self, interaction: Interaction, channel: discord.VoiceChannel | None = None
    ) -> None:
        """Join, or move there."""
        target = channel or _channel_of(interaction)
        if not target.permissions_for(_member(interaction)).connect:
            raise UserError(f"You may not join {target.mention} yourself, so I do not either.")
        player = self._services.voice.player(guild_of(interaction))
        privileged = _privileged(interaction, player)
        if player.channel != target and player.snapshot() and not privileged:
            raise _busy_in(player.channel)
        text = await _join(interaction, player, target, privileged=privileged)
        unheard = player.unheard
        await _answer(interaction, f"{text} {unheard}" if unheard else text)

    @app_commands.command(description="Send me out of the voice channel")
    @app_commands.guild_only()
    async def leave(self, interaction: Interaction) -> None:
        """Leave; what waits to be said is forgotten."""
        player = self._player(interaction)
        if player is None or player.channel is None:
            raise UserError("I am in no voice channel.")
        state = _member(interaction).voice
        beside = state is not None and state.channel == player.channel
        harmless = beside and _all_own(interaction, player)
        if not (harmless or _privileged(interaction, player)):
            raise UserError(
                f"Only who is in {player.channel.mention} can send me out, when no text of others "
                "is waiting; or somebody with the permission Manage Messages or Move Members."
            )
        await interaction.response.defer(ephemeral=True, thinking=True)
        await player.leave()
        await _answer(interaction, "I left the voice channel.")

    @app_commands.command(description="Skip what is being said")
    @app_commands.guild_only()
    async def skip(self, interaction: Interaction) -> None:
        """End the current utterance."""
        player = self._player(interaction)
        outcome = SkipOutcome.NOTHING_TO_SKIP
        if player is not None:
            privileged = _privileged(interaction, player)
            outcome = player.skip(interaction.user.id, privileged=privileged)
        if outcome is SkipOutcome.NOT_YOURS:
            raise UserError(
                "Only the member who had it said can skip it, or somebody with the permission "
                "Manage Messages or Move Members."
            )
        skipped = outcome is SkipOutcome.SKIPPED
        await _answer(interaction, "Skipped." if skipped else "Nothing is being said.")

    @app_commands.command(description="Stop, and forget everything that waits to be said")
    @app_commands.guild_only()
    async def stop(self, interaction: Interaction) -> None:
        """Clear the queue."""
        player = self._player(interaction)
        entries = player.snapshot() if player is not None else ()
        if player is None or not entries:
            await _answer(interaction, "Nothing is being said.")
            return
        if not (_all_own(interaction, player) or _privileged(interaction, player)):
            raise UserError(
                "Texts of others are waiting too. Use `/skip` for your own, or ask somebody with "
                "the permission Manage Messages or Move Members."
            )
        count = player.stop()
        await _answer(interaction, f"Stopped; {count} text{'s' * (count != 1)} forgotten.")

    @app_commands.command(description="Show what is being said and what comes next")
    @app_commands.guild_only()
    async def queue(self, interaction: Interaction) -> None:
        """Show the queue."""
        player = self._player(interaction)
        entries = player.snapshot() if player is not None else ()
        card = queue_card(entries)
        if player is not None and (code := player.privacy_code):
            card.add_field(name="Voice privacy code", value=privacy_text(code), inline=False)
        await interaction.response.send_message(embed=card, ephemeral=True)

    def _player(self, interaction: Interaction) -> GuildPlayer | None:
        return self._services.voice.existing(guild_of(interaction))

    async def _voice_of(self, interaction: Interaction) -> VoiceProfile:
        voice = await self._services.choices.voice_for(guild_of(interaction), interaction.user.id)
        if voice is None:
            raise UserError(
                "You have no voice here yet. Make one with `/enroll`, or name one of those in "
                "`/voice list`."
            )
        return voice

    async def _player_in(self, channel: VocalChannel, interaction: Interaction) -> GuildPlayer:
        """Return the player, called into `channel`."""
        player = self._services.voice.player(guild_of(interaction))
        if player.channel == channel:
            return player
        if player.snapshot():
            raise _busy_in(player.channel)
        await _join(interaction, player, channel)
        return player

    async def _speak(
        self, utterance: Utterance, due: Callable[[], float]
    ) -> AsyncGenerator[Speech, None]:
        async with contextlib.aclosing(self._services.speech.speak(utterance, due)) as sentences:
            try:
                async for speech in sentences:
                    yield speech
            except EngineDeadError as error:
                # Its text is for the operator; the player shows what it is given to the member.
                log.error(
                    "nothing can be said",
                    guild=utterance.guild_id,
                    stage="engine",
                    error=str(error),
                )
                raise EngineError(explain(error)) from error


async def _join(
    interaction: Interaction,
    player: GuildPlayer,
    channel: VocalChannel,
    *,
    privileged: bool = False,
) -> str:
    """Join and return what came of it. Raises UserError for what is known beforehand."""
    if player.channel != channel:
        refused = refusal(channel)
        if refused is not None:
            raise UserError(join_text(refused, channel))
    # It takes its time even where the bot is already, if the connection was just lost.
    await interaction.response.defer(ephemeral=True, thinking=True)
    outcome = await player.join(channel, privileged=privileged)
    text = join_text(outcome, channel)
    if not outcome.joined:
        raise UserError(text)
    return text


async def _answer(interaction: Interaction, text: str) -> None:
    """Answer, also where a connection that took its time was waited for."""
    if interaction.response.is_done():
        await interaction.edit_original_response(content=text)
    else:
        await interaction.response.send_message(text, ephemeral=True)


def _member(interaction: Interaction) -> discord.Member:
    assert isinstance(interaction.user, discord.Member), "the commands exist in guilds alone"
    return interaction.user


def _channel_of(interaction: Interaction) -> VocalChannel:
    state = _member(interaction).voice
    if state is None or state.channel is None:
        raise UserError("Join a voice channel first, so that I know where to speak.")
    return state.channel


def _busy_in(channel: VocalChannel | None) -> UserError:
    where = channel.mention if channel is not None else "another channel"
    return UserError(f"I am speaking in {where} right now. Join me there, or wait until I am done.")


def _all_own(interaction: Interaction, player: GuildPlayer) -> bool:
    return all(entry.member_id == interaction.user.id for entry in player.snapshot())


def _privileged(interaction: Interaction, player: GuildPlayer) -> bool:
    """Whether the member may overrule others where the bot speaks, wherever they type."""
    member = _member(interaction)
    general = member.guild_permissions
    there = player.channel.permissions_for(member) if player.channel is not None else general
    return general.manage_messages or there.manage_messages or there.move_members


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(SpeechCog(bot))
