"""Whether members may use more today, in this minute, at all: the one place that says no."""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from bot.config_sections import LimitSettings
from bot.errors import UserError
from bot.operations.limit_words import minute_text, quota_text
from bot.settings.guild import GuildSettings
from bot.settings.rate import MinuteLimit
from bot.settings.service import SettingsService
from storage.dictionary import DictionaryBounds
from storage.quotas import EnrolmentQuotas, Quota, QuotaReachedError
from storage.usage import UploadQuotas, UsageStore

MEGABYTE = 1_000_000
MINUTE = 60_000

KNOWN_SECONDS = 5.0
"""For so long the speech of a guild's day counts as known: each message that is read asks."""

MAX_GUILDS = 1024


async def operators_quotas(limits: LimitSettings, _guild_id: int) -> EnrolmentQuotas:
    """Return what holds in a guild for the operator at a terminal: how many voices it may keep."""
    endless = Quota(sys.maxsize, sys.maxsize)
    return EnrolmentQuotas(Quota(sys.maxsize, limits.voices_per_guild), endless, endless)


class Allowances:
    """Counts what members use, by what a server's admins set within the operator's limits.

    They hold for everybody, also for who manages the server: they can set them higher. Nothing that
    was let in is cut short. Every method raises StorageError.
    """

    def __init__(
        self,
        limits: LimitSettings,
        settings: SettingsService,
        usage: UsageStore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits, self._settings, self._usage = limits, settings, usage
        self._clock = clock
        self.says, self._guilds = MinuteLimit(clock), MinuteLimit(clock)
        self._spoken: OrderedDict[int, tuple[float, Mapping[int | None, int]]] = OrderedDict()

    async def enrolment(self, guild_id: int) -> EnrolmentQuotas:
        """Return what a guild and its members may have stored."""
        guild = await self._settings.guild(guild_id)
        return EnrolmentQuotas(
            voices=Quota(guild.voices_per_member, guild.server_voices),
            stored=Quota(guild.stored_mb_per_member * MEGABYTE, guild.server_stored_mb * MEGABYTE),
            enrolments=Quota(guild.enrolments_per_day, guild.server_enrolments_per_day),
        )

    async def take_recording(self, guild_id: int, member_id: int, size: int) -> None:
        """Count a recording of so many bytes that is handed in, before it is downloaded.

        Raises UserError where the day has had as many as it may.
        """
        guild = await self._settings.guild(guild_id)
        quotas = UploadQuotas(
            Quota(guild.recordings_per_day, guild.server_recordings_per_day),
            Quota(guild.upload_mb_per_day * MEGABYTE, guild.server_upload_mb_per_day * MEGABYTE),
        )
        try:
            await self._usage.take_upload(guild_id, member_id, size, quotas)
        except QuotaReachedError as error:
            raise UserError(quota_text(error)) from None

    async def take_text(self, guild_id: int, member_id: int) -> None:
        """Count a text that a member wants to have spoken.

        Raises UserError where the minute has had as many as it may, or the day its speech.
        """
        guild = await self._settings.guild(guild_id)
        await self._require_speech(guild_id, member_id, guild)
        most = guild.says_per_minute
        if wait := self.says.wait(guild_id, member_id, most):
            raise UserError(minute_text(most, wait, by_member=True))
        most = guild.server_texts_per_minute
        if wait := self._guilds.take(guild_id, 0, most):
            raise UserError(minute_text(most, wait, by_member=False))
        self.says.take(guild_id, member_id, guild.says_per_minute)

    async def dictionary(self, guild_id: int) -> DictionaryBounds:
        """Return how many entries a guild's dictionary and those of its members may have."""
        guild = await self._settings.guild(guild_id)
        return DictionaryBounds(
            guild.server_dictionary_entries, members_entries=guild.dictionary_entries_per_member
        )

    async def may_be_read(self, guild_id: int, member_id: int) -> bool:
        """Count a message that is to be read aloud; whether there is room for it."""
        guild = await self._settings.guild(guild_id)
        if await self._had_speech(guild_id, member_id, guild) is not None:
            return False
        return not self._guilds.take(guild_id, 0, guild.server_texts_per_minute)

    async def require_export(self, member_id: int) -> None:
        """Raise UserError where a member had as many exports of their data as a day allows."""
        try:
            limit = self._limits.exports_per_day_per_member
            await self._usage.require_export(member_id, limit)
        except QuotaReachedError as error:
            raise UserError(quota_text(error)) from None

    def forget(self, covers: Callable[[int, int], bool]) -> None:
        """Forget what is remembered. covers: whether a member of a guild is meant, by their ids."""
        self.says.forget(covers)
        self._spoken.clear()

    async def _require_speech(self, guild_id: int, member_id: int, guild: GuildSettings) -> None:
        had = await self._had_speech(guild_id, member_id, guild)
        if had is None:
            return
        whose, limit = had
        try:
            await self._usage.require_speech(guild_id, whose, limit)
        except QuotaReachedError as error:
            raise UserError(quota_text(error)) from None

    async def _had_speech(
        self, guild_id: int, member_id: int, guild: GuildSettings
    ) -> tuple[int | None, int] | None:
        """Return whose day has had its speech, None for the whole guild's, and how many ms that
        is; None where there is room.
        """
        spoken = await self._spoken_in(guild_id)
        own = guild.speech_minutes_per_day * MINUTE
        if spoken.get(member_id, 0) >= own:
            return member_id, own
        everyones = guild.server_speech_minutes_per_day * MINUTE
        return (None, everyones) if sum(spoken.values()) >= everyones else None

    async def _spoken_in(self, guild_id: int) -> Mapping[int | None, int]:
        known = self._spoken.get(guild_id)
        if known is not None and self._clock() - known[0] < KNOWN_SECONDS:
            return known[1]
        spoken = await self._usage.spoken(guild_id)
        self._spoken[guild_id] = (self._clock(), spoken)
        self._spoken.move_to_end(guild_id)
        if len(self._spoken) > MAX_GUILDS:
            self._spoken.popitem(last=False)
        return spoken
