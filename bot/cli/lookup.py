"""The stored voices and settings; the voice that a command names, and where else there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from storage.errors import VoiceNotFoundError

if TYPE_CHECKING:
    from bot.cli.context import Context
    from bot.config_sections import LimitSettings
    from bot.settings.service import SettingsService
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore

R = TypeVar("R")

PAGE = 500
MOST_NAMED = 5
"""Servers that a hint names; the list has them all."""


def with_store(
    context: Context, work: Callable[[VoiceStore], Awaitable[R]], *, any_key: bool = False
) -> R:
    """Open the data directory, do the work, close it. any_key: see `bot.app.open_store`."""
    from bot.app import open_store

    async def run() -> R:
        async with open_store(context.settings, any_key=any_key) as store:
            return await work(store)

    return asyncio.run(run())


def settings_beside(store: VoiceStore, limits: LimitSettings | None = None) -> SettingsService:
    """Return the settings beside the voices. limits: what none of a server's can be above."""
    from bot.operations.limits import ceilings
    from bot.settings.service import SettingsService
    from storage.setting_values import SettingValues

    return SettingsService(SettingValues.beside(store), ceilings(limits) if limits else None)


async def find_voice(store: VoiceStore, guild_id: int, name: str) -> VoiceProfile:
    """Return the server's voice of that name, else the operator's.

    Raises VoiceNotFoundError, which says where there is one.
    """
    try:
        return await store.find(guild_id, name)
    except VoiceNotFoundError as error:
        raise VoiceNotFoundError(f"{error} {await _elsewhere(store, name)}") from None


async def find_own(store: VoiceStore, guild_id: int, name: str) -> VoiceProfile:
    """Find the voice in this server alone: a change must not fall through to the operator's."""
    profile = await find_voice(store, guild_id, name)
    if profile.guild_id != guild_id:
        raise VoiceNotFoundError(
            f"Server {guild_id} has no voice named “{profile.name}” of its own; it is an "
            "operator's voice. Leave --guild out to change that one."
        )
    return profile


async def all_voices(store: VoiceStore, guild_id: int | None) -> list[VoiceProfile]:
    """Return the voices of a server, or of all, in order."""
    guilds = await store.guild_ids() if guild_id is None else [guild_id]
    profiles: list[VoiceProfile] = []
    for guild in guilds:
        offset = 0
        while page := await store.list_voices(guild, PAGE, offset):
            profiles += page
            offset += PAGE
    return profiles


async def _elsewhere(store: VoiceStore, name: str) -> str:
    voices = await store.find_everywhere(name, MOST_NAMED + 1)
    guilds = [str(voice.guild_id) for voice in voices]
    if not guilds:
        return "All voices: mynah voices"
    if len(guilds) == 1:
        return f"Server {guilds[0]} has one: add --guild {guilds[0]}."
    more = " and others" if len(guilds) > MOST_NAMED else ""
    return f"The servers {', '.join(guilds[:MOST_NAMED])}{more} have one: add --guild ID."
