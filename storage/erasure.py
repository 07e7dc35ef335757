"""Erasing all that is stored about a member or a guild, so that it cannot be found again.

Rows go first, then files, as in any deletion: what a crash leaves is removed at the next start. In
the end the database is rewritten without what was freed in it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace

from storage import erased_rows, upkeep
from storage.clip_files import ClipFiles
from storage.connections import Execute
from storage.database import Database
from storage.erased_rows import Counts
from storage.erased_voices import Leftovers
from storage.errors import StorageError
from storage.lost import remove_all
from storage.voices import VoiceStore

Work = Callable[[Execute, Leftovers], Awaitable[Counts]]
"""Erases in a transaction; what files it leaves unneeded is noted."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of each kind went, or would go.

    recordings: of voices, current and former. evidence: of consents. entries: of dictionaries.
    defaults: voices that were chosen to speak. shares: lists of who may speak as a voice that named
    the member. blocks: of members by owners. nameless: rows that stay without the name.
    audit: rows of the trail that name them, or that go. left: files that could not be removed; the
    next start tries again.
    """

    voices: int = 0
    recordings: int = 0
    evidence: int = 0
    settings: int = 0
    entries: int = 0
    defaults: int = 0
    shares: int = 0
    blocks: int = 0
    audit: int = 0
    nameless: int = 0
    left: int = 0

    @property
    def nothing(self) -> bool:
        """Whether there was nothing."""
        return self == Erased()

    def __add__(self, other: Erased) -> Erased:
        sums = (getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        return Erased(*sums)


class Eraser:
    """Erases beside whatever else uses the data directory. Raises StorageError.

    released: hashes of the clips that went, until whoever has caches takes them out.
    """

    def __init__(self, database: Database, clips: ClipFiles) -> None:
        self._database, self._clips = database, clips
        self.released: set[str] = set()

    @classmethod
    def beside(cls, voices: VoiceStore) -> Eraser:
        """Return one for the data of `voices`, which goes on owning the database."""
        return cls(voices.database, voices.clips)

    async def survey_member(self, user_id: int, guild_id: int | None = None) -> Erased:
        """Return what `erase_member` would erase."""
        return await self._survey(_of_member(user_id, guild_id))

    async def erase_member(
        self, user_id: int, guild_id: int | None = None, *, finish: bool = True
    ) -> Erased:
        """Erase a member's data, in one guild or in all.

        finish: whether the database is rewritten, or `finish` is called later.

        What they did for others stays without their name, and so do blocks of them by others, in
        which a pseudonym stands for them; see `storage/personal.py`.
        """
        return await self._erase(_of_member(user_id, guild_id), finish=finish)

    async def survey_guild(self, guild_id: int) -> Erased:
        """Return what `erase_guild` would erase."""
        return await self._survey(_of_guild(guild_id))

    async def erase_guild(self, guild_id: int, *, finish: bool = True) -> Erased:
        """Erase all that is stored of a guild. finish: see `erase_member`."""
        return await self._erase(_of_guild(guild_id), finish=finish)

    async def survey_all(self) -> Erased:
        """Return what `erase_all` would erase."""
        return await self._survey(erased_rows.erase_everything)

    async def erase_all(self) -> Erased:
        """Erase everything; the directory can be used on."""
        erased = await self._erase(erased_rows.erase_everything)

        async def work(_execute: Execute) -> int:
            try:
                return await self._clips.run(remove_all, self._clips)
            except OSError as error:
                raise StorageError(
                    f"Recordings in {self._clips.kept} cannot be removed ({error.strerror}). Try "
                    "again."
                ) from error

        await self._database.write_urgently(work)
        return erased

    async def number(self) -> int:
        """Return how often anything was erased, by whichever process."""
        [row] = await self._database.read("SELECT number FROM erasures")
        return int(row[0])

    async def _survey(self, work: Work) -> Erased:
        """Do it, and take it back: what is counted is what would go."""

        async def survey(execute: Execute) -> None:
            gone = Leftovers()
            raise _TakenBackError(_counted(gone, await work(execute, gone)))

        try:
            await self._database.write(survey)
        except _TakenBackError as done:
            return done.erased
        raise AssertionError("a survey ends in taking back")

    async def _erase(self, work: Work, *, finish: bool = True) -> Erased:
        async def erase(execute: Execute) -> tuple[Erased, list[str]]:
            gone = Leftovers()
            counts = await work(execute, gone)
            return _counted(gone, counts), await gone.release(execute)

        erased, released = await self._database.write_urgently(erase)
        self.released.update(released)
        left = await self._remove(released)
        if finish:
            await self.finish()
        await self._database.keep_reserve()
        return replace(erased, left=left)

    async def finish(self) -> None:
        """Rewrite the database, if that is still to be done for an erasure.

        Such as for one that was killed, or that another program kept from it by reading.
        """
        [[number, scrubbed]] = await self._database.read("SELECT number, scrubbed FROM erasures")
        if number == scrubbed:
            return
        await self._database.scrub()

        async def note(execute: Execute) -> None:
            await execute("UPDATE erasures SET scrubbed = ?1 WHERE scrubbed < ?1", (number,))

        await self._database.write_urgently(note)

    async def _remove(self, hashes: list[str]) -> int:
        """Remove files, and links that a killed backup left; return how many are there still."""
        await self._clips.run(self._clips.sweep)
        try:
            await upkeep.remove_released(self._database, self._clips, hashes)
        except StorageError as error:
            log.warning("Files of what was erased are removed at the next start: %s", error)
        return await upkeep.count_released(self._database, hashes)


class _TakenBackError(Exception):
    """What a survey erased is to be as it was."""

    def __init__(self, erased: Erased) -> None:
        super().__init__()
        self.erased = erased


def _of_member(user_id: int, guild_id: int | None) -> Work:
    async def work(execute: Execute, gone: Leftovers) -> Counts:
        return await erased_rows.erase_member(execute, user_id, guild_id, gone)

    return work


def _of_guild(guild_id: int) -> Work:
    async def work(execute: Execute, gone: Leftovers) -> Counts:
        return await erased_rows.erase_guild(execute, guild_id, gone)

    return work


def _counted(gone: Leftovers, counts: Counts) -> Erased:
    """Return the counts by what a member calls them. counts: by table, what went or changed."""
    return Erased(
        voices=gone.voices,
        recordings=gone.recordings,
        evidence=gone.evidence,
        settings=counts["member_settings"] + counts["guild_settings"],
        entries=counts["dictionary_entries"],
        defaults=counts["member_defaults"] + counts["guild_defaults"],
        shares=counts["voice_members"],
        blocks=counts["voice_blocks"],
        audit=counts["audit"] + counts["audit_members"],
        nameless=counts[erased_rows.NAMELESS],
    )
