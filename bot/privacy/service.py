"""Erasing what is stored about somebody, everywhere: rows, files, caches, the engine's memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from bot.errors import BusyError
from bot.privacy.whose import EVERYBODY, Forget, Whose
from storage.erasure import Erased, Eraser

log = structlog.get_logger(__name__)

ForgetClip = Callable[[str], Awaitable[None]]
"""Drops what was made of a recording, by its hash, also in the engine. May raise `BusyError`."""

_ATTEMPTS = 5
_MOST_ROUNDS = 3
_PAUSE_SECONDS = 2.0
"""Between attempts to tell an engine that has too much to do."""


class PrivacyService:
    """What is erased here is gone when it returns; what another process erases is gone soon after.

    eraser: of rows and files. forget_clip: see `ForgetClip`. flush: has written what still waits to
    be written. look: tells everybody of voices that are gone. The `Forget`s that subscribe are told
    before and after: before, so that nothing new comes of what is remembered; after, so that
    nothing stays that was read meanwhile.
    """

    def __init__(
        self,
        eraser: Eraser,
        *,
        forget_clip: ForgetClip,
        flush: Callable[[], Awaitable[None]],
        look: Callable[[], Awaitable[None]],
    ) -> None:
        self.eraser = eraser
        self._forget_clip, self._flush, self._look = forget_clip, flush, look
        self._subscribers: list[Forget] = []
        self._erasing = asyncio.Lock()
        self._number: int | None = None  # of erasures that are taken in

    def subscribe(self, forget: Forget) -> Callable[[], None]:
        """Have `forget` called for whomever something is erased; return what ends that."""
        self._subscribers.append(forget)
        return lambda: self._subscribers.remove(forget)

    async def survey_member(self, user_id: int) -> Erased:
        """Return what `erase_member` would erase everywhere, also what still waits to be written.

        Raises StorageError.
        """
        await self._flush()
        return await self.eraser.survey_member(user_id)

    async def erase_member(
        self, user_id: int, guild_id: int | None = None, *, finish: bool = True
    ) -> Erased:
        """Erase a member's data, in one guild or in all; see `Eraser.erase_member`.

        Raises StorageError; `BusyError` where all is erased but the engine could not be told.
        """
        erased = await self._erase_member(user_id, guild_id, finish)
        for _round in range(_MOST_ROUNDS):
            # Something that had begun before may have been stored after it, such as a new voice.
            if (await self.eraser.survey_member(user_id, guild_id)).nothing:
                break
            erased += await self._erase_member(user_id, guild_id, finish)
        return erased

    async def _erase_member(self, user_id: int, guild_id: int | None, finish: bool) -> Erased:
        async with self._told(Whose(user_id, guild_id)):
            erasing = self.eraser.erase_member(user_id, guild_id, finish=finish)
            return await self._forgotten(erasing)

    async def erase_guild(self, guild_id: int, *, finish: bool = True) -> Erased:
        """Erase a guild's data, as `erase_member` does."""
        async with self._told(Whose(guild_id=guild_id)):
            return await self._forgotten(self.eraser.erase_guild(guild_id, finish=finish))

    async def finish(self) -> None:
        """Do what erasures before could not, such as in an engine that had too much to do.

        Raises StorageError, `BusyError`.
        """
        async with self._erasing:
            await self._forget_clips()
            await self.eraser.finish()

    async def take_in(self) -> None:
        """Forget what is remembered of anybody if another process has erased something.

        For everybody, because nothing says whom it was. Raises StorageError.
        """
        if self._erasing.locked():  # what is erased here is told to all already
            return
        number = await self.eraser.number()
        before, self._number = self._number, number
        if before not in (None, number):
            await self._tell(EVERYBODY)

    @asynccontextmanager
    async def _told(self, whose: Whose) -> AsyncIterator[None]:
        async with self._erasing:
            await self._tell(whose)
            await self._flush()  # also what was ended just now
            try:
                yield
            finally:
                before, self._number = self._number, await self.eraser.number()
                await self._look()
                await self._tell(whose)
                if before is not None and self._number > before + 1:
                    await self._tell(EVERYBODY)  # another process erased something meanwhile
                await self._flush()  # so that another round finds what others said in the voices

    async def _tell(self, whose: Whose) -> None:
        told = (forget(whose) for forget in list(self._subscribers))
        for result in await asyncio.gather(*told, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("something was not forgotten", stage="privacy", exc_info=result)

    async def _forgotten(self, erasing: Awaitable[Erased]) -> Erased:
        """Have forgotten what is erased, also where the erasure is not finished."""
        try:
            return await erasing
        finally:
            await self._forget_clips()

    async def _forget_clips(self) -> None:
        for sha256 in list(self.eraser.released):
            await self._forget_one(sha256)
            self.eraser.released.discard(sha256)

    async def _forget_one(self, sha256: str) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                await self._forget_clip(sha256)
                return
            except BusyError:
                if attempt == _ATTEMPTS - 1:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
