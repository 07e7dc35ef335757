"""The store of voices: rows in the database, clips in files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage import (
    checking,
    consents,
    former,
    lookup,
    upkeep,
    uses,
    voice_rows,
)
from storage.audit_rows import By
from storage.clip_directory import open_directory
from storage.clip_files import ClipFiles, ClipsOpener, clip_name
from storage.clips import load_clip
from storage.database import Database
from storage.directory import prepare_directory
from storage.opening import open_database
from storage.quotas import EnrolmentQuotas
from storage.recording import Recording, encode
from storage.rows import profile_of, timestamp, to_json
from storage.sealing import NO_KEYS, KeyRing
from storage.seals import Seals, count_seals
from storage.types import (
    Consent,
    Level,
    NewConsent,
    NewVoice,
    ReferenceClip,
    StoreReport,
    VoiceProfile,
    VoiceState,
)
from storage.use_lock import using
from storage.voice_rows import only

log = logging.getLogger(__name__)


async def nobody_waits() -> None:
    """Tell nobody that a voice is gone."""


class VoiceStore:
    """Voices of all guilds. Guild 0 holds the operator's, which every guild can use.

    What changes a voice tells the audit trail in the same transaction. by: who changes it.

    Several processes may use one directory at a time, and many coroutines one store. Every method
    raises StorageError if the database or a file cannot be used, besides what it names.
    """

    def __init__(self, database: Database, clips: ClipFiles, keys: KeyRing = NO_KEYS):
        self._database = database
        self._clips = clips
        self._keys = keys

    @property
    def database(self) -> Database:
        """The open database, for stores that keep more in it."""
        return self._database

    @property
    def keys(self) -> KeyRing:
        """What recordings and evidence are sealed with."""
        return self._keys

    @property
    def clips(self) -> ClipFiles:
        """Where the clips lie, for what changes them with rows."""
        return self._clips

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        directory: Path,
        keys: KeyRing = NO_KEYS,
        url: str | None = None,
        *,
        open_clips: ClipsOpener = open_directory,
    ) -> AsyncIterator[VoiceStore]:
        """Open the data directory, creating what is missing, and close it in the end.

        directory: holds mynah.db and clips/. keys: seal what is written; none seal nothing. What is
        sealed by other keys stays as it is and cannot be read. url: of a PostgreSQL database, in
        place of mynah.db. open_clips: where clips do not lie in the directory.

        Raises StorageError also for clips beside a missing or empty database: it was lost, and a
        new one would have them all swept.
        """
        await asyncio.to_thread(prepare_directory, directory, database=url is None)
        with using(directory):
            async with open_database(directory, url) as database:
                await database.keep_reserve()
                async with open_clips(directory) as clips:
                    await upkeep.refuse_foreign(database, clips)
                    async with former.forgetting(database, clips):
                        yield cls(database, clips, keys)

    async def add(
        self,
        voice: NewVoice,
        clip: ReferenceClip,
        *,
        consent: NewConsent | None = None,
        quotas: EnrolmentQuotas | None = None,
    ) -> VoiceProfile:
        """Store a voice and the evidence of the consent to it: the files first, then the rows.

        A clip that is stored already is shared. quotas: what its owner and guild may have.

        Raises InvalidNameError; NameTakenError; QuotaReachedError; ValueError for samples that
        break the contract of ReferenceClip or are longer than `clips.MAX_CLIP_SECONDS`.
        """
        return await voice_rows.add(
            self._database, self._clips, voice, clip, consent, self._keys, quotas
        )

    async def replace(
        self,
        voice_id: int,
        clip: ReferenceClip,
        *,
        pitch_hz: float | None,
        quality: dict[str, Any] | None,
        consented_by: int | None = None,
        consented_at: datetime | None = None,
        level: Level = "operator",
        consent: NewConsent | None = None,
        now: datetime | None = None,
        quotas: EnrolmentQuotas | None = None,
    ) -> VoiceProfile:
        """Give a voice another clip, with what was measured on it and the consent to it.

        The one it had is kept as its former clip, which `restore` brings back, for
        `former.KEPT_FOR`; a clip before that is removed. now: None for the present. quotas: as in
        `add`, of who consented.

        Raises VoiceNotFoundError; QuotaReachedError; ValueError as `add` does.
        """
        encoded = await encode(clip, self._keys)
        new = Recording(
            encoded.sha256, encoded.seconds, pitch_hz, to_json(quality),
            consented_by, timestamp(consented_at), level,
        )  # fmt: skip
        place, at = (self._database, self._clips), now or datetime.now(UTC)
        return await former.replace(*place, voice_id, encoded, new, at, consent, quotas)

    async def restore(
        self, voice_id: int, *, by: By = "operator", now: datetime | None = None
    ) -> VoiceProfile:
        """Exchange a voice's clip and its former one, with all that belongs to them.

        So a second call undoes the first, again for `former.KEPT_FOR`. now: None for the present.

        Raises VoiceNotFoundError; NoFormerClipError if there is none or its time is over;
        DamagedClipError, UnknownKeyError, and changes nothing, if its file cannot be used.
        """
        present = now or datetime.now(UTC)
        return await former.restore(self._database, self._clips, voice_id, present, self._keys, by)

    async def forget_expired(self, *, now: datetime | None = None) -> int:
        """Remove former clips whose time is over, and return how many.

        `check` does it as well, and an open store does every hour.
        """
        return await former.forget_expired(self._database, self._clips, now or datetime.now(UTC))

    async def rename(self, voice_id: int, name: str, *, by: By = "operator") -> VoiceProfile:
        """Rename a voice. Raises InvalidNameError, NameTakenError, VoiceNotFoundError."""
        return await voice_rows.rename(self._database, voice_id, name, by)

    async def tune(
        self,
        voice_id: int,
        *,
        exaggeration: float | None,
        cfg_weight: float | None,
        temperature: float | None,
        seed: int | None,
        takes: int | None,
        language: str | None,
        speed: float | None,
        volume_db: float | None,
        by: By = "operator",
    ) -> VoiceProfile:
        """Set how a voice speaks, all of it anew; None is the model's default.

        speed (0.5 to 2), volume_db (-12 to 6): None where the voice has none of its own.

        Raises VoiceNotFoundError.
        """
        settings = {
            "exaggeration": exaggeration, "cfg_weight": cfg_weight, "temperature": temperature,
            "seed": seed, "takes": takes, "language": language, "speed": speed,
            "volume_db": volume_db,
        }  # fmt: skip
        return await voice_rows.tune(self._database, voice_id, settings, by)

    async def delete(
        self,
        voice_id: int,
        *,
        by: By = "operator",
        gone: Callable[[], Awaitable[None]] = nobody_waits,
    ) -> None:
        """Delete a voice: its row first, then its files unless another voice shares them.

        Also on a full disk. A file that cannot be removed is tried again at the next start.
        gone: called as soon as the row is gone, for those who use the voice.

        Raises VoiceNotFoundError.
        """
        await voice_rows.delete(self._database, self._clips, voice_id, by, gone)

    async def mark_used(self, voice_id: int) -> None:
        """Count a use, now; see `count_uses`."""
        await self.count_uses({voice_id: 1})

    async def count_uses(self, times: Mapping[int, int]) -> None:
        """See `storage.uses.count`."""
        await uses.count(self._database, times)

    async def get(self, voice_id: int) -> VoiceProfile:
        """Return a voice by its id. Raises VoiceNotFoundError."""
        return only(await self._database.read("SELECT * FROM voices WHERE id = ?", (voice_id,)))

    async def version(self) -> int:
        """Return a number that changes whenever anything was committed, by any process."""
        return await self._database.version()

    async def states(self, voice_ids: Collection[int]) -> dict[int, VoiceState]:
        """Return what those who use the voices have to hear of, by id; only those that exist."""
        return await lookup.states(self._database, voice_ids)

    async def find(self, guild_id: int, name: str) -> VoiceProfile:
        """Return the guild's voice of that name, else the operator's; case does not matter.

        Raises VoiceNotFoundError, which suggests names that are close.
        """
        return await lookup.find(self._database, guild_id, name)

    async def list_voices(
        self, guild_id: int, limit: int = 100, offset: int = 0
    ) -> list[VoiceProfile]:
        """Return the guild's own voices in the order of their names."""
        rows = await self._database.read(
            "SELECT * FROM voices WHERE guild_id = ? ORDER BY name_key LIMIT ? OFFSET ?",
            (guild_id, limit, offset),
        )
        return [profile_of(row) for row in rows]

    async def find_everywhere(self, name: str, limit: int = 25) -> list[VoiceProfile]:
        """Return the voices of that name in all guilds, the operator's first; case does not matter.

        For the operator only: members must not learn of other guilds' voices.
        """
        return await lookup.find_everywhere(self._database, name, limit)

    async def search(
        self,
        guild_id: int,
        text: str,
        limit: int = 25,
        *,
        owner_id: int | None = None,
        shared: bool = True,
    ) -> list[VoiceProfile]:
        """Return voices of whose name any word begins so, names that begin so first.

        Of each kind first the guild's own in the order of their names, then the operator's.
        owner_id: only this member's own voices of the guild. shared: also the operator's.
        An operator's voice that `find` would not return, because the guild has one of that name,
        is left out. The cost does not grow with the number of voices; of more than
        `lookup.MAX_WORD_MATCHES` names with such a word inside, some are not looked at.
        """
        return await lookup.search(self._database, guild_id, text, limit, owner_id, shared=shared)

    async def guild_ids(self) -> list[int]:
        """Return the guilds that have voices, in order; the operator's 0 among them."""
        rows = await self._database.read("SELECT DISTINCT guild_id FROM voices ORDER BY guild_id")
        return [int(row[0]) for row in rows]

    async def count(self, guild_id: int) -> int:
        """Return the number of the guild's own voices."""
        [row] = await self._database.read(
            "SELECT count(*) FROM voices WHERE guild_id = ?", (guild_id,)
        )
        return int(row[0])

    def clip_path(self, profile: VoiceProfile) -> Path:
        """Where a worker reads the voice's clip, with `clips.load_clip` and `keys`.

        Where clips do not lie on this machine, it has to be held there first.
        """
        return self._clips.local(clip_name(profile.clip_sha256))

    def clip_location(self, profile: VoiceProfile) -> str:
        """Where the voice's clip lies, for people."""
        return str(self._clips.kept.clip(clip_name(profile.clip_sha256)))

    async def load_clip(self, profile: VoiceProfile) -> ReferenceClip:
        """Read the voice's clip. Raises DamagedClipError, UnknownKeyError."""
        return await self.load(profile.clip_sha256)

    async def load(self, sha256: str) -> ReferenceClip:
        """Read the clip of that hash. Raises DamagedClipError, UnknownKeyError."""
        stored = self._clips.kept.clip(clip_name(sha256))
        return await self._clips.run(load_clip, stored, sha256, self._keys)

    async def consent_of(self, voice_id: int, clip_sha256: str) -> Consent | None:
        """Return the evidence of the consent to a recording of a voice, if any is kept.

        clip_sha256: of the recording, also of the one that the voice had before.
        """
        return await consents.consent_of(self._database, voice_id, clip_sha256, self._keys)

    async def consents_of(self, voice_id: int) -> list[Consent]:
        """Return the evidence of all consents that are kept with a voice, oldest first."""
        return await consents.consents_of(self._database, voice_id, self._keys)

    async def load_consent_clip(self, consent: Consent) -> ReferenceClip | None:
        """Read the sentence of consent, if it was recorded. Raises DamagedClipError."""
        return await self.load(consent.consent_sha256) if consent.consent_sha256 else None

    async def seals(self) -> Seals:
        """Count what is sealed, by which keys."""
        return await count_seals(self._database, self._clips, self._keys)

    async def check(self, *, verify: bool = False) -> StoreReport:
        """Remove or move files that no voice needs; mark voices that cannot be used, unmark others.

        What is not essential is logged and raises nothing.

        Without `verify`, as at each start, a file counts as usable if it is there, readable and
        begins as one: 0.02 ms a voice. With it every clip is read and hashed, about 20 ms a voice,
        which is for `mynah check`; speaking verifies the clip that it uses in any case.
        """
        return await checking.check(self._database, self._clips, self._keys, verify=verify)
