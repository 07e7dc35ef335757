"""What a panel shows besides the settings: names, and the voices that can be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.settings.catalogue import Definition
from bot.settings.definition import Picker, Settings
from cogs.permissions import usable_voices
from cogs.settings.controls import MAX_OPTIONS
from cogs.settings.naming import Names
from cogs.ui import Interaction, bot_of, guild_of, services_of
from storage.types import VoiceProfile


async def load_names(
    interaction: Interaction, definitions: Iterable[Definition], settings: Settings
) -> Names:
    """Return the names of what the settings hold. Raises StorageError."""
    chosen = {getattr(settings, each.key) for each in definitions if each.picker is Picker.VOICE}
    voices = await services_of(interaction).choices.voices_by_id(list(chosen - {None}))
    guild = bot_of(interaction).get_guild(guild_of(interaction))
    return Names(guild, {voice.id: voice.name for voice in voices})


async def load_voices(interaction: Interaction, search: str) -> Sequence[VoiceProfile]:
    """Return voices that the member may choose: their own first. Raises StorageError."""
    find, guild_id = services_of(interaction).voices.search, guild_of(interaction)
    own = await find(guild_id, search, MAX_OPTIONS, owner_id=interaction.user.id, shared=False)
    own = [voice for voice in own if not voice.paused]
    others = await usable_voices(interaction, search, MAX_OPTIONS)
    return list({voice.id: voice for voice in (*own, *others)}.values())[:MAX_OPTIONS]
