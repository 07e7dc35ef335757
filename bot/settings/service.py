"""Settings as the program reads them: typed, and kept until they change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.errors import UserError
from bot.settings.definition import Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from storage.setting_values import SettingValues


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What was changed, by whom. changed_by: None is the operator; value: as in the model."""

    guild_id: int
    key: str
    value: Any
    changed_by: int | None


class SettingsService:
    """The one place that settings are read from and changed."""

    def __init__(self, values: SettingValues) -> None:
        self._values = values
        self._subscribers: list[Callable[[SettingChange], Awaitable[None]]] = []

    async def guild(self, guild_id: int) -> GuildSettings:
        """Return a guild's settings as they are now. Raises StorageError."""
        return GuildSettings.from_stored(await self._values.of_guild(guild_id))

    async def member(self, guild_id: int, user_id: int) -> MemberSettings:
        """Return a member's settings in a guild as they are now. Raises StorageError."""
        return MemberSettings.from_stored(await self._values.of_member(guild_id, user_id))

    async def change_guild(
        self, guild_id: int, key: str, value: Any, *, changed_by: int | None
    ) -> GuildSettings:
        """Set one of a guild's settings; None takes it back to its default. Return all of them.

        Raises UserError for a value that is not allowed, StorageError.
        """
        checked = _checked(GuildSettings, key, value)
        stored = None if value is None else checked.model_dump(mode="json")[key]
        await self._values.set_for_guild(guild_id, key, stored, changed_by=changed_by)
        change = SettingChange(guild_id, key, getattr(checked, key), changed_by)
        for subscriber in list(self._subscribers):
            await subscriber(change)
        return await self.guild(guild_id)

    async def change_member(
        self, guild_id: int, user_id: int, key: str, value: Any
    ) -> MemberSettings:
        """Set one of a member's settings; None takes it back. Return all of them.

        Raises UserError for a value that is not allowed, StorageError.
        """
        checked = _checked(MemberSettings, key, value)
        stored = None if value is None else checked.model_dump(mode="json")[key]
        await self._values.set_for_member(guild_id, user_id, key, stored)
        return await self.member(guild_id, user_id)

    def subscribe(self, on_change: Callable[[SettingChange], Awaitable[None]]) -> None:
        """Have `on_change` called after each change of a guild's settings."""
        self._subscribers.append(on_change)


def _checked(model: type[Settings], key: str, value: Any) -> Settings:
    try:
        return model.model_validate({} if value is None else {key: value})
    except ValidationError as error:
        raise UserError(f"{key}: {error.errors()[0]['msg']}.") from None
