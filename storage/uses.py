"""How often voices were used, and when last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from storage.connections import Execute
from storage.database import Database
from storage.errors import StorageError
from storage.rows import timestamp

log = logging.getLogger(__name__)


async def count(database: Database, uses: Mapping[int, int]) -> None:
    """Count so many uses of voices, by id, now. One that was deleted meanwhile is no error.

    What cannot be counted is logged and raises nothing: the voices have spoken already.
    """
    now = timestamp(datetime.now(UTC))

    async def work(execute: Execute) -> None:
        for voice_id, times in uses.items():
            await execute(
                "UPDATE voices SET use_count = use_count + ?, last_used_at = ? WHERE id = ?",
                (times, now, voice_id),
            )

    try:
        await database.write(work)
    except StorageError as error:
        log.warning("A use of a voice was not counted: %s", error)
