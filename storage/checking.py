"""What is done for a whole store at each start, and by `mynah check`."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from storage import consents, damage, former, upkeep
from storage.clip_files import ClipFiles
from storage.database import Database
from storage.errors import DiskFullError
from storage.lost import list_lost
from storage.rows import profile_of
from storage.sealing import KeyRing
from storage.types import StoreReport

log = logging.getLogger(__name__)


async def check(
    database: Database, clips: ClipFiles, keys: KeyRing, *, verify: bool
) -> StoreReport:
    """Do as `VoiceStore.check`. Raises StorageError."""
    await clips.run(clips.sweep)
    try:
        await former.forget_expired(database, clips, datetime.now(UTC))
        swept = await upkeep.sweep(database, clips, keys)
        unmarked = await damage.mark_damage(database, clips, keys, verify=verify)
    except DiskFullError as error:
        log.warning("Upkeep waits until there is room: %s", error)
        swept, unmarked = upkeep.Swept((), (), ()), []
    restored = [
        profile_of(row)
        for sha256 in sorted(unmarked)
        for row in await database.read("SELECT * FROM voices WHERE clip_sha256 = ?", (sha256,))
    ]
    return StoreReport(
        swept.removed,
        swept.moved,
        swept.returned,
        await clips.run(list_lost, clips),
        await damage.damaged_voices(database, clips, keys, verify=verify),
        tuple(restored),
        await consents.damaged(database, clips, keys, verify=verify),
    )
