"""What a panel shows besides the settings: names, and the voices that can be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.client import Services
from bot.settings.catalogue import Definition
from bot.settings.definition import Picker, Settings
from cogs.settings.controls import MAX_OPTIONS
from cogs.settings.naming import Names
from cogs.ui import Interaction, bot_of, guild_of, services_of
from storage.errors import VoiceNotFoundError
from storage.types import VoiceProfile


async def load_names(
    interaction: Interaction, definitions: Iterable[Definition], settings: Settings
) -> Names:
    """Return the names of what the settings hold. Raises StorageError."""
    chosen = {getattr(settings, each.key) for each in definitions if each.picker is Picker.VOICE}
    services = services_of(interaction)
    voices = {voice_id: await _name(services, voice_id) for voice_id in chosen - {None}}
    known = {voice_id: name for voice_id, name in voices.items() if name is not None}
    return Names(bot_of(interaction).get_guild(guild_of(interaction)), known)


async def load_voices(interaction: Interaction, search: str) -> Sequence[VoiceProfile]:
    """Return voices that can be chosen: the member's own first. Raises StorageError."""
    voices, guild_id = services_of(interaction).voices, guild_of(interaction)
    own = await voices.search(
        guild_id, search, MAX_OPTIONS, owner_id=interaction.user.id, shared=False
    )
    others = await voices.search(guild_id, search, MAX_OPTIONS)
    return list({voice.id: voice for voice in (*own, *others)}.values())[:MAX_OPTIONS]


async def _name(services: Services, voice_id: int) -> str | None:
    try:
        return (await services.voices.get(voice_id)).name
    except VoiceNotFoundError:
        return None
