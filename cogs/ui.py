"""What the cogs share: who asks, what they call, what they tell about the engine."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, TypeAlias

import discord

from bot.client import MynahBot
from bot.command_mentions import CommandNames
from bot.command_tree import ARRIVED
from bot.errors import UserError
from bot.i18n import Translatable, _, translated
from bot.services import EngineStatus, Services
from bot.speech.clip_needs import clip_need_of
from bot.speech.types import VoiceReference
from cogs.cards import quoted, short_recording
from storage.types import VoiceProfile

Interaction: TypeAlias = discord.Interaction[Any]
"""The library's own types allow no narrower client; `services_of` and `bot_of` narrow it."""

EDIT_SECONDS = 15 * 60 - 20.0
"""The answer to an interaction can be edited for 15 minutes; some time before that we stop."""


def editable_until(interaction: Interaction) -> float:
    """Return until when the answer can be edited, in s of `time.monotonic`."""
    arrived: float = interaction.extras.get(ARRIVED, time.monotonic())
    return arrived + EDIT_SECONDS


def bot_of(interaction: Interaction) -> MynahBot:
    """Return the client, with its type."""
    bot: MynahBot = interaction.client
    return bot


def services_of(interaction: Interaction) -> Services:
    """Return what the commands call."""
    return bot_of(interaction).services


def command_names(interaction: Interaction) -> CommandNames:
    """Return what names a command in the answer, so that a click begins to type it."""
    return partial(bot_of(interaction).command_mentions.name, guild_id=guild_of(interaction))


def guild_of(interaction: Interaction) -> int:
    """Return the id of the guild; the commands exist in guilds alone."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def reference_to(services: Services, voice: VoiceProfile) -> VoiceReference:
    """Return where the engine finds a voice.

    Raises UserError if its clip is damaged, or too short for the model that is loaded.
    """
    if voice.damage is not None:
        raise UserError(
            Translatable(
                "The recording of {voice} is damaged, so it cannot speak. Choose another voice, or "
                "delete this one and enrol it again.",
                voice=quoted(voice.name),
            )
        )
    need = clip_need_of(services.engine.info)
    if need.refuses(voice.seconds):
        raise UserError(
            Translatable(
                "{voice} cannot speak: {reason}. Choose another voice, or give this one a longer "
                "recording.",
                voice=quoted(voice.name),
                reason=short_recording(voice, need),
            )
        )
    return VoiceReference(
        services.voices.clip_path(voice), voice.clip_sha256, voice.pitch_hz, voice.language
    )


async def current_reference(services: Services, voice: VoiceProfile) -> VoiceReference:
    """Return where the engine finds a voice now. Raises UserError if it is gone or damaged."""
    return reference_to(services, await services.watch.current(voice))


def engine_note(engine: EngineStatus) -> str:
    """Return what a member should know about the engine, to be put under an answer; or nothing."""
    condition = engine.condition()
    if condition.state == "failing" and condition.for_members:
        return note(translated(condition.for_members))
    if not engine.ready and engine.info is not None:
        return note(_("The voice engine is starting again, so this will take a while."))
    if not engine.ready:
        return note(_("The voice engine is still loading, so this will take a while."))
    if engine.info is not None and not engine.info.clones:
        return note(
            _("A preview: this engine takes only the pitch from the recording, not the voice.")
        )
    return ""


def note(text: str) -> str:
    """Return a text as small print under an answer."""
    return f"\n-# {text}"


def manages_guild(interaction: Interaction) -> bool:
    """Whether the member has Manage Server."""
    return interaction.permissions.manage_guild


async def reply(interaction: Interaction, text: str) -> None:
    """Answer, also where a connection that took its time was waited for."""
    if interaction.response.is_done():
        await interaction.edit_original_response(content=text)
    else:
        await interaction.response.send_message(text, ephemeral=True)


async def defer(interaction: Interaction) -> None:
    """Answer later: the database may be locked by another program for longer than 3 s."""
    await interaction.response.defer(ephemeral=True, thinking=True)
