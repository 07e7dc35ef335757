"""Settings as the program reads them: typed, and kept until they change."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog

from bot.settings.catalogue import Definition, definition
from bot.settings.definition import Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.values import checked, refused
from storage.setting_values import GuildCounts, LoggedChange, SettingValues

log = structlog.get_logger(__name__)

MAX_GUILDS = 1024
MAX_MEMBERS = 8192
"""Settings that are kept: those that were read last."""

S = TypeVar("S", bound=Settings)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What was changed, by whom. changed_by: None is the operator.

    value, before: as in the model, what it is now and what it was. changed_at: None if unknown.
    """

    guild_id: int
    key: str
    value: Any
    changed_by: int | None
    before: Any = None
    changed_at: datetime | None = field(default=None, compare=False)


OnChange = Callable[[SettingChange], Awaitable[None]]


class SettingsService:
    """The one place that settings are read from and changed.

    What was read is kept until anything changes: at once for a change by this service, at the next
    `take_in` for one by another process.
    """

    def __init__(self, values: SettingValues, ceilings: Mapping[str, int] | None = None) -> None:
        """Take where values are stored. ceilings: the most that a guild's settings may be, by key;
        what is stored above, because it was allowed before, counts as that.
        """
        self._values = values
        self._ceilings = dict(ceilings or {})
        self._guilds: _Kept[int, GuildSettings] = _Kept(GuildSettings, MAX_GUILDS, self._bounded)
        self._members: _Kept[tuple[int, int], MemberSettings] = _Kept(MemberSettings, MAX_MEMBERS)
        self._subscribers: list[OnChange] = []
        self._of_members: list[Callable[[int, int], None]] = []
        self._told: int | None = None  # the number of the last change that subscribers know of
        self._telling = asyncio.Lock()

    async def guild(self, guild_id: int) -> GuildSettings:
        """Return a guild's settings as they are now. Raises StorageError."""
        return await self._guilds.get(guild_id, lambda: self._values.of_guild(guild_id))

    async def member(self, guild_id: int, user_id: int) -> MemberSettings:
        """Return a member's settings in a guild as they are now. Raises StorageError."""
        key = (guild_id, user_id)
        return await self._members.get(key, lambda: self._values.of_member(guild_id, user_id))

    async def change_guild(
        self, guild_id: int, key: str, value: Any, *, changed_by: int | None
    ) -> GuildSettings:
        """Set one of a guild's settings; None takes it back to its default. Return all of them.

        Returns when every subscriber has been told. changed_by: None is the operator.

        Raises UserError for a value that is not allowed, VoiceNotFoundError, StorageError.
        """
        await self._begin_telling()
        key, stored = _to_store(GuildSettings, key, value)
        if value is not None:
            self._refuse_above(key, value)
        await self._values.set_for_guild(guild_id, key, stored, changed_by=changed_by)
        await self.take_in()
        return await self.guild(guild_id)

    async def change_member(
        self, guild_id: int, user_id: int, key: str, value: Any
    ) -> MemberSettings:
        """Set one of a member's settings; None takes it back. Return all of them.

        Raises UserError for a value that is not allowed, VoiceNotFoundError, StorageError.
        """
        key, stored = _to_store(MemberSettings, key, value)
        await self._values.set_for_member(guild_id, user_id, key, stored)
        self._members.forget()
        for tell in self._of_members:
            tell(guild_id, user_id)
        return await self.member(guild_id, user_id)

    def bounds_of(self, about: Definition) -> Definition:
        """Return what a guild's setting can be here: not more than the operator allows."""
        ceiling = self._ceilings.get(about.key)
        if ceiling is None or about.highest is None or ceiling >= about.highest:
            return about
        return replace(about, highest=ceiling, default=min(about.default, ceiling))

    def _bounded(self, settings: GuildSettings) -> GuildSettings:
        above = {key: most for key, most in self._ceilings.items() if getattr(settings, key) > most}
        return settings.model_copy(update=above) if above else settings

    def _refuse_above(self, key: str, value: Any) -> None:
        about = self.bounds_of(definition(GuildSettings, key))
        if about.key in self._ceilings and about.highest is not None and value > about.highest:
            raise refused(about)

    async def log(self, guild_id: int, limit: int = 25) -> list[SettingChange]:
        """Return who changed which of a guild's settings when, the newest first.

        Raises StorageError.
        """
        rows = await self._values.changes_of(guild_id, limit)
        return [_as_change(row) for row in rows if _is_known(row)]

    async def guilds(self) -> list[GuildCounts]:
        """Return the guilds that have voices, settings or channels that are read."""
        return await self._values.guilds()

    async def take_in(self) -> None:
        """Read anew what may have changed, and tell the subscribers of what did, by any process.

        Raises StorageError.
        """
        self._guilds.forget()
        self._members.forget()
        await self._begin_telling()
        async with self._telling:
            while changes := await self._values.changes_after(self._told or 0):
                for change in changes:
                    self._told = change.id
                    await self._tell(change)

    def subscribe(self, on_change: OnChange) -> Callable[[], None]:
        """Have `on_change` called after each change of a guild's settings; return what ends that.

        A subscriber that fails is logged and keeps nothing from the others. It must not change
        settings itself.
        """
        self._subscribers.append(on_change)
        return lambda: self._subscribers.remove(on_change)

    def subscribe_members(self, on_change: Callable[[int, int], None]) -> Callable[[], None]:
        """Have `on_change` called with guild and user when a member set something here.

        Returns what ends that. What another process sets is not told.
        """
        self._of_members.append(on_change)
        return lambda: self._of_members.remove(on_change)

    async def _begin_telling(self) -> None:
        async with self._telling:
            if self._told is None:
                self._told = await self._values.newest_change()

    async def _tell(self, logged: LoggedChange) -> None:
        if not _is_known(logged):
            return
        change = _as_change(logged)
        told = (subscriber(change) for subscriber in self._subscribers)
        for result in await asyncio.gather(*told, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("a change of settings was not taken in", guild=change.guild_id,
                          stage="settings", exc_info=result)  # fmt: skip


class _Kept(Generic[K, S]):
    """The settings that were read last, at most so many."""

    def __init__(
        self, model: type[S], most: int, bounded: Callable[[S], S] = lambda settings: settings
    ) -> None:
        self._model, self._most, self._bounded = model, most, bounded
        self._settings: OrderedDict[K, S] = OrderedDict()
        self._changes = 0

    async def get(self, key: K, read: Callable[[], Awaitable[dict[str, Any]]]) -> S:
        kept = self._settings.get(key)
        if kept is not None:
            self._settings.move_to_end(key)
            return kept
        changes = self._changes
        settings = self._bounded(self._model.from_stored(await read()))
        if changes == self._changes:  # else it may be what was there before the change
            self._settings[key] = settings
            if len(self._settings) > self._most:
                self._settings.popitem(last=False)
        return settings

    def forget(self) -> None:
        self._changes += 1
        self._settings.clear()


def _is_known(logged: LoggedChange) -> bool:
    """Whether this version has the setting; a newer one may have written the row."""
    return logged.key in GuildSettings.model_fields


def _as_change(logged: LoggedChange) -> SettingChange:
    before, value = (_from_stored(logged.key, each) for each in (logged.before, logged.after))
    return SettingChange(
        logged.guild_id, logged.key, value, logged.changed_by, before, logged.changed_at
    )


def _from_stored(key: str, value: Any) -> Any:
    return getattr(GuildSettings.from_stored({} if value is None else {key: value}), key)


def _to_store(model: type[Settings], key: str, value: Any) -> tuple[str, Any]:
    """Return the key as it is defined and the value as it is stored: None for the default."""
    key = definition(model, key).key
    if value is None or checked(model, key, value) == definition(model, key).default:
        return key, None
    settings = model.model_validate({key: checked(model, key, value)})
    return key, settings.model_dump(mode="json")[key]
