"""What the cogs share: views that belong to one member, and the `voice` option."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.utils import utcnow

from bot.client import EngineStatus, MynahBot, Services
from bot.command_tree import SHUTTING_DOWN, answer, answer_error
from bot.errors import UserError
from bot.speech.types import VoiceReference
from cogs.cards import quoted
from storage.errors import StorageError
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

log = structlog.get_logger(__name__)

Interaction: TypeAlias = discord.Interaction[Any]
"""The library's own types allow no narrower client; `services_of` and `bot_of` narrow it."""

TOKEN_MARGIN = timedelta(seconds=20)
"""The answer to an interaction can be edited for 15 minutes; this much before that we stop."""

MAX_CHOICES = 25
"""Discord shows no more choices than that (https://discord.com/developers/docs/interactions)."""


class OwnedView(discord.ui.View):
    """Buttons under an answer that only the member who asked may press.

    They live as long as the answer can be edited, then `on_timeout` removes them.
    """

    def __init__(self, interaction: Interaction) -> None:
        self.origin = interaction
        self._until = interaction.expires_at - TOKEN_MARGIN
        super().__init__(timeout=self.remaining())

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the press counts."""
        # discord.py counts the timeout anew from each press; the answer's time is not renewed.
        self.timeout = self.remaining()
        if bot_of(interaction).shutting_down:
            await answer(interaction, SHUTTING_DOWN)
        elif interaction.user.id != self.origin.user.id:
            await answer(interaction, "Only the member who used the command can press that.")
        else:
            return True
        return False

    async def on_error(
        self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Take the way of all errors."""
        await answer_error(interaction, error)

    async def on_timeout(self) -> None:
        """Take the buttons away."""
        await self.edit(view=None)

    async def edit(self, **changes: Any) -> None:
        """Edit the answer that the buttons stand under, if it is there still."""
        try:
            await self.origin.edit_original_response(**changes)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # What the buttons stand for is done or void in any case.
            log.info(
                "answer not edited", guild=self.origin.guild_id, stage="command", error=repr(error)
            )

    def remaining(self) -> float:
        """Return for how long the buttons live yet, in s."""
        return max(1.0, (self._until - utcnow()).total_seconds())


class MynahModal(discord.ui.Modal):
    """A dialog whose errors take the way of all errors."""

    async def on_error(self, interaction: Interaction, error: Exception, *_: Any) -> None:
        """Take the way of all errors."""
        await answer_error(interaction, error)


class VoiceOption(app_commands.Transformer):
    """An option that names a voice of this guild or of the operator."""

    async def transform(self, interaction: Interaction, value: Any, /) -> VoiceProfile:
        """Return the voice. Raises VoiceNotFoundError, with names that are close."""
        return await services_of(interaction).voices.find(guild_of(interaction), value)

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer voices whose name begins so."""
        voices = await _search(interaction, str(value))
        return [app_commands.Choice(name=_label(voice), value=voice.name) for voice in voices]


class OwnVoiceOption(VoiceOption):
    """An option that names a voice which the member may change."""

    async def transform(self, interaction: Interaction, value: Any, /) -> VoiceProfile:
        """Return the voice. Raises VoiceNotFoundError, UserError if it is not theirs to change."""
        voice = await super().transform(interaction, value)
        require_may_change(interaction, voice)
        return voice

    async def autocomplete(
        self, interaction: Interaction, value: str | float, /
    ) -> list[app_commands.Choice[Any]]:
        """Offer voices that the member may change."""
        voices = await _search(interaction, str(value))
        return [
            app_commands.Choice(name=voice.name, value=voice.name)
            for voice in voices
            if may_change(interaction, voice)
        ]


def bot_of(interaction: Interaction) -> MynahBot:
    """Return the client, with its type."""
    bot: MynahBot = interaction.client
    return bot


def services_of(interaction: Interaction) -> Services:
    """Return what the commands call."""
    return bot_of(interaction).services


def guild_of(interaction: Interaction) -> int:
    """Return the id of the guild; the commands exist in guilds alone."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def reference_to(services: Services, voice: VoiceProfile) -> VoiceReference:
    """Return where the engine finds a voice. Raises UserError if its clip is damaged."""
    if voice.damage is not None:
        raise UserError(
            f"The recording of {quoted(voice.name)} is damaged, so it cannot speak. Choose another "
            "voice, or delete this one and enrol it again."
        )
    return VoiceReference(services.voices.clip_path(voice), voice.clip_sha256, voice.pitch_hz)


def engine_note(engine: EngineStatus) -> str:
    """Return what a member should know about the engine, to be put under an answer; or nothing."""
    if not engine.ready:
        return "\n-# The voice engine is still loading, so this will take a while."
    if engine.info is not None and not engine.info.clones:
        return "\n-# A preview: this engine takes only the pitch from the recording, not the voice."
    return ""


def manages_guild(interaction: Interaction) -> bool:
    """Whether the member has Manage Server."""
    return interaction.permissions.manage_guild


def may_change(interaction: Interaction, voice: VoiceProfile) -> bool:
    """Whether the member may rename or delete the voice."""
    if voice.guild_id != interaction.guild_id:
        return False
    return voice.owner_id == interaction.user.id or manages_guild(interaction)


def require_may_change(interaction: Interaction, voice: VoiceProfile) -> None:
    """Raise UserError unless the member may rename or delete the voice."""
    if voice.guild_id == OPERATOR_GUILD_ID:
        raise UserError(
            f"{quoted(voice.name)} belongs to my operator and is shared with every server. "
            "It cannot be changed from here."
        )
    if not may_change(interaction, voice):
        raise UserError(
            f"{quoted(voice.name)} is not yours. Its owner can change it, or somebody with the "
            "permission Manage Server."
        )


async def _search(interaction: Interaction, prefix: str) -> list[VoiceProfile]:
    try:
        voices = services_of(interaction).voices
        return await voices.search(guild_of(interaction), prefix, MAX_CHOICES)
    except StorageError:
        return []  # nobody reads errors while typing; the command itself will tell


def _label(voice: VoiceProfile) -> str:
    return f"{voice.name} (shared)" if voice.guild_id == OPERATOR_GUILD_ID else voice.name
