"""What is stored of those who left goes after a while; who comes back before keeps it.

Discord tells when the bot leaves a server. That a member leaves it tells only to bots with the
privileged intent for members, so members of whom something is stored are looked up slowly, each
about once a day, and the owner of a voice that comes into use. What happened while the bot was off
is found when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from bot.audit.events import Event, GuildLeft, GuildRejoined
from bot.errors import BusyError
from bot.privacy.service import PrivacyService
from storage.departures import THE_BOT, Departure, Departures
from storage.errors import StorageError
from storage.types import VoiceProfile

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 3600.0
"""Between two rounds."""

MEMBERS_A_ROUND = 200
"""Who are looked up, at most."""

PAUSE_SECONDS = 1.0
"""Between two of them."""

CYCLE = timedelta(days=1)
"""After which everybody is looked up again."""

IsHere: TypeAlias = Callable[[int, int], Awaitable[bool | None]]
"""Whether a guild has a member, or the bot (`THE_BOT`), by their ids; None where nobody knows."""


class Departing:
    """Notes who left, and erases what is due.

    keep: for how long it stays. record: writes events into the audit trails. covers: whether a
    guild is one of this process's; nothing is known of who is in others.
    """

    def __init__(
        self,
        privacy: PrivacyService,
        departures: Departures,
        keep: timedelta,
        record: Callable[[int, Event], Awaitable[None]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause_seconds: float = PAUSE_SECONDS,
        covers: Callable[[int], bool] = lambda guild_id: True,
    ) -> None:
        self._privacy, self._departures, self._keep = privacy, departures, keep
        self._record, self._covers = record, covers
        self._clock, self._pause_seconds = clock, pause_seconds
        self._owners: OrderedDict[tuple[int, int], None] = OrderedDict()  # of voices in use
        self._cursor: tuple[list[int], int] | None = None  # guilds to look at, the last member
        self._next_cycle = datetime.min.replace(tzinfo=UTC)

    async def bot_left(self, guild_id: int) -> None:
        """Note that Discord says that the bot was removed from a guild.

        Raises StorageError, BusyError.
        """
        due = await self._note_bot(guild_id)
        if due is not None and self._keep == timedelta(0):
            await self._erase(Departure(guild_id, THE_BOT, due))
            await self._privacy.finish()

    async def _note_bot(self, guild_id: int) -> datetime | None:
        """Note it and say when the data goes; None where there is none."""
        if not await self._departures.has_data(guild_id):
            return None
        due = await self._note(guild_id, THE_BOT)
        await self._record(guild_id, GuildLeft(by="bot", erase_at=due.isoformat()))
        log.info("I left a server; its data is deleted unless I come back", stage="privacy",
                 guild=guild_id, deleted_on=due.isoformat(timespec="minutes"))  # fmt: skip
        return due

    async def bot_came(self, guild_id: int) -> None:
        """Note that the bot is in a guild. Raises StorageError."""
        if await self._departures.cancel(guild_id, THE_BOT):
            await self._record(guild_id, GuildRejoined(by="bot"))
            log.info("I am back in a server; its data stays", stage="privacy", guild=guild_id)

    async def compare(self, present: Collection[int]) -> None:
        """Take in which guilds the bot is in, once it knows all, also those that are out of reach.

        Raises StorageError.
        """
        known = {each.guild_id for each in await self._departures.of_the_bot()}
        for guild_id in known.intersection(present):
            await self.bot_came(guild_id)
        without = await self._departures.guilds_without(present)
        gone = [guild_id for guild_id in without if self._covers(guild_id)]
        if gone and not present:
            log.warning("I am in no server, but there is data of some: is this the right token? "
                        "Nothing is deleted.", stage="privacy", guilds=len(gone))  # fmt: skip
            return
        for guild_id in gone:
            if guild_id not in known:
                await self._note_bot(guild_id)

    async def keep_looking(self, present: Callable[[], Collection[int]], is_here: IsHere) -> None:
        """Look who left and erase what is due, every `INTERVAL_SECONDS`, until cancelled.

        present: the guilds that the bot is in.
        """
        while True:
            await self.look(present, is_here)
            await asyncio.sleep(INTERVAL_SECONDS)

    def use(self, voice: VoiceProfile) -> bool:
        """Note that a voice comes into use; whether `look_up_used` has somebody to look up."""
        if voice.owner_id is not None and len(self._owners) < MEMBERS_A_ROUND:
            self._owners[voice.guild_id, voice.owner_id] = None
        return bool(self._owners)

    async def look_up_used(self, is_here: IsHere) -> None:
        """Look up the owners of the voices that came into use, one after the other."""
        while self._owners:
            (guild_id, user_id), _ = self._owners.popitem(last=False)
            with contextlib.suppress(StorageError):  # a round finds it all the same
                await self._look_up(guild_id, user_id, is_here)
            await asyncio.sleep(self._pause_seconds)

    async def look(self, present: Callable[[], Collection[int]], is_here: IsHere) -> None:
        """Do one round; what fails is logged and tried again in the next one."""
        try:
            await self.look_up_members(present(), is_here)
            await self.erase_due(present(), is_here)
            await self._privacy.finish()
        except (StorageError, BusyError) as error:
            log.warning("data of who left is deleted later", stage="privacy", error=str(error))

    async def look_up_members(self, present: Collection[int], is_here: IsHere) -> int:
        """Look up the next members of whom something is stored; return how many that were."""
        looked_up = 0
        while looked_up < MEMBERS_A_ROUND and (found := await self._next_member(present)):
            await self._look_up(*found, is_here)
            looked_up += 1
            await asyncio.sleep(self._pause_seconds)
        return looked_up

    async def erase_due(self, present: Collection[int], is_here: IsHere) -> int:
        """Erase the data of those who left long enough ago; return of how many.

        Whether they are still gone is asked once more.
        """
        erased = 0
        before = await self._departures.before(self._clock() - self._keep, covers=self._covers)
        for departure in before:
            gone = await self._is_gone(departure, present, is_here)
            if gone:
                await self._erase(departure)
                erased += 1
            elif gone is False:
                await self._departures.cancel(departure.guild_id, departure.user_id)
        return erased

    async def _is_gone(
        self, departure: Departure, present: Collection[int], is_here: IsHere
    ) -> bool | None:
        guild_id, user_id = departure.guild_id, departure.user_id
        if not present:
            return None  # is it the right token?
        if user_id == THE_BOT and guild_id in present:
            return False
        if user_id != THE_BOT and guild_id not in present:
            # Nobody can say whether they are back; then their data goes when the guild's may.
            return await self._departures.is_noted(guild_id, THE_BOT) or None
        here = await is_here(guild_id, user_id)
        return None if here is None else not here

    async def _erase(self, departure: Departure) -> None:
        """Erase it; the database is rewritten once for all of a round."""
        guild_id, user_id = departure.guild_id, departure.user_id
        if user_id == THE_BOT:
            erased = await self._privacy.erase_guild(guild_id, finish=False)
            text = "the data of a server that I left is deleted"
        else:
            erased = await self._privacy.erase_member(user_id, guild_id, finish=False)
            text = "the data of a member who left is deleted"
        log.info(text, stage="privacy", guild=guild_id, voices=erased.voices,
                 recordings=erased.recordings, files_left=erased.left)  # fmt: skip

    async def _look_up(self, guild_id: int, user_id: int, is_here: IsHere) -> None:
        here = await is_here(guild_id, user_id)
        if here and await self._departures.cancel(guild_id, user_id):
            log.info("a member is back; their data stays", stage="privacy", guild=guild_id)
        elif here is False and not await self._departures.is_noted(guild_id, user_id):
            due = await self._note(guild_id, user_id)
            log.info("a member left; their data is deleted unless they come back",
                     stage="privacy", guild=guild_id,
                     deleted_on=due.isoformat(timespec="minutes"))  # fmt: skip

    async def _note(self, guild_id: int, user_id: int) -> datetime:
        """Note a departure; return when the data goes."""
        return await self._departures.note(guild_id, user_id, self._clock()) + self._keep

    async def _next_member(self, present: Collection[int]) -> tuple[int, int] | None:
        """Return the next guild and member to look up; None when all were, for this cycle."""
        if self._cursor is None:
            if self._clock() < self._next_cycle or not present:
                return None
            guilds = list(present)
            # In another order each time: restarts must not always begin with the same ones.
            random.shuffle(guilds)
            self._cursor = guilds, 0
        guilds, after = self._cursor
        while guilds:
            members = await self._departures.members(guilds[-1], after, 1)
            if members:
                self._cursor = guilds, members[0]
                return guilds[-1], members[0]
            guilds.pop()
            after = 0
        self._cursor, self._next_cycle = None, self._clock() + CYCLE
        return None
