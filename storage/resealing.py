"""Sealing anew what is stored: by the newest key, or not at all.

Every file and row is changed by itself, under SQLite's write lock, which every writer of files
holds: so this runs beside the bot, may be ended at any moment, and goes on where it was.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from storage.audit_seal import chain_context
from storage.clip_files import ClipFiles, ClipFolder
from storage.clips import CLIP_SUFFIX, glance, resealed
from storage.connections import Execute
from storage.database import Database
from storage.errors import DamagedClipError, StorageError
from storage.lost import recordings
from storage.sealing import (
    HEADER_BYTES,
    NO_KEYS,
    KeyRing,
    evidence_context,
    is_sealed,
    sealing_key,
)
from storage.voices import VoiceStore

_NAME = re.compile(rf"([0-9a-f]{{64}})(\.[0-9]{{1,3}})?{re.escape(CLIP_SUFFIX)}")
_ROWS = f"SELECT voice_id, clip_sha256, substr(record, 1, {HEADER_BYTES}) FROM consents"  # noqa: S608
_ROW = "SELECT record FROM consents WHERE voice_id = ? AND clip_sha256 = ?"
_SET_ROW = "UPDATE consents SET record = ? WHERE voice_id = ? AND clip_sha256 = ?"
_TRAILS = "SELECT guild_id, seal FROM audit_chains WHERE seal IS NOT NULL"
_TRAIL = "SELECT seal FROM audit_chains WHERE guild_id = ?"
_SET_TRAIL = "UPDATE audit_chains SET seal = ? WHERE guild_id = ?"

_File: TypeAlias = tuple[ClipFolder, str]

OnProgress = Callable[[int, int], None]
"""Told how many are done, and of how many."""

Change = Callable[[Execute], Awaitable[bool]]
"""Seals one thing anew, if it is there still, and says whether it did."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many recordings and records of consent were changed; why others could not be."""

    changed: int
    failed: tuple[str, ...]


class Resealing:
    """Seals what is stored by the newest key of a store, or opens it for good."""

    def __init__(
        self, database: Database, clips: ClipFiles, opening: KeyRing, sealing: KeyRing
    ) -> None:
        self._database, self._clips = database, clips
        self._opening, self._sealing = opening, sealing

    @classmethod
    def beside(cls, voices: VoiceStore, *, plain: bool = False) -> Resealing:
        """Return what seals the data of `voices`. plain: what opens it instead."""
        return cls(voices.database, voices.clips, voices.keys, NO_KEYS if plain else voices.keys)

    async def run(self, on_progress: OnProgress) -> Resealed:
        """Change all that is not as it should be. Raises StorageError.

        Nothing of how it was is left in the database's files.
        """
        files = await self._clips.run(self._of_files)
        changes = [*files, *await self._of_rows(), *await self._of_trails()]
        changed = 0
        failed: list[str] = []
        for done, change in enumerate(changes):
            on_progress(done, len(changes))
            try:
                changed += await self._database.write(change)
            except StorageError as error:
                failed.append(str(error))
        if self._sealing:
            failed += await self._scrub()
        return Resealed(changed, tuple(failed))

    async def _scrub(self) -> list[str]:
        try:
            await self._database.scrub()
        except StorageError as error:
            return [str(error)]
        return []

    def _of_files(self) -> list[Change]:
        try:
            files = recordings(self._clips)
            differ = self._clips.each(self._differs, files)
        except OSError as error:
            raise StorageError(
                f"The directory {self._clips.kept} cannot be read ({error.strerror}). "
                f"{self._clips.kept.list_advice}"
            ) from error
        return [
            self._file_change(file, match[1])
            for file, differs in zip(files, differ, strict=True)
            if differs and (match := _NAME.fullmatch(file[1]))
        ]

    def _differs(self, file: _File) -> bool:
        folder, name = file
        try:
            return glance(folder.clip(name)) != self._sealing.newest
        except DamagedClipError:
            return False  # nothing of anybody is in it; `mynah check` tells

    def _file_change(self, file: _File, sha256: str) -> Change:
        async def change(_execute: Execute) -> bool:
            return await self._clips.run(self._reseal_file, file, sha256)

        return change

    def _reseal_file(self, file: _File, sha256: str) -> bool:
        if not self._differs(file):
            return False
        folder, name = file
        stored = folder.clip(name)
        content = resealed(stored, sha256, self._opening, self._sealing)
        try:
            folder.write(name, content)
        except OSError as error:
            told = f"The clip {stored} cannot be written ({error.strerror})."
            raise StorageError(told) from error
        return True

    async def _of_rows(self) -> list[Change]:
        self._opening.refresh()
        return [
            self._row_change(row["voice_id"], row["clip_sha256"])
            for row in await self._database.read(_ROWS)
            if sealing_key(bytes(row[2])) != self._sealing.newest
        ]

    def _row_change(self, voice_id: int, sha256: str) -> Change:
        async def change(execute: Execute) -> bool:
            rows = await execute(_ROW, (voice_id, sha256))
            if not rows:
                return False
            context = evidence_context(voice_id, sha256)
            record = await asyncio.to_thread(self._anew, bytes(rows[0]["record"]), context)
            await execute(_SET_ROW, (record, voice_id, sha256))
            return True

        return change

    async def _of_trails(self) -> list[Change]:
        """What vouches for the audit trails; what was sealed by a key that is gone is left."""
        rows = await self._database.read(_TRAILS)
        return [
            self._trail_change(row["guild_id"])
            for row in rows
            if (name := sealing_key(bytes(row["seal"]))) != self._sealing.newest
            and name is not None
            and self._opening.knows(name)
        ]

    def _trail_change(self, guild_id: int) -> Change:
        async def change(execute: Execute) -> bool:
            rows = await execute(_TRAIL, (guild_id,))
            # What is not sealed vouches for nothing, and must not come to by being sealed here.
            if not rows or rows[0]["seal"] is None or not is_sealed(bytes(rows[0]["seal"])):
                return False
            content = bytes(rows[0]["seal"])
            anew = None
            if self._sealing:
                anew = await asyncio.to_thread(self._anew, content, chain_context(guild_id))
            await execute(_SET_TRAIL, (anew, guild_id))
            return False

        return change

    def _anew(self, record: bytes, context: bytes) -> bytes:
        try:
            return self._sealing.seal(self._opening.open_sealed(record, context), context)
        except StorageError as error:
            raise type(error)(f"A sealed record cannot be read: {error}.") from error
