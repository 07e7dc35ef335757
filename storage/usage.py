"""What members used within a day that no voice shows: uploads, speech, exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.audit_rows import SPOKEN, now
from storage.connections import Execute
from storage.database import Database
from storage.quotas import PSEUDONYM, Limited, Quota, around, require_room
from storage.rows import timestamp

_FORGET = "DELETE FROM uploads WHERE at <= ? OR at >= ?"
_UPLOADS = "SELECT at, bytes, user_id FROM uploads WHERE guild_id = ? AND at > ? AND at < ?"
_SPOKEN = """
SELECT at, milliseconds FROM audit
WHERE guild_id = ?1 AND kind = 'spoken' AND at > ?2 AND at < ?3
"""
_SPOKEN_BY = """
SELECT user_id, spoken FROM (
    SELECT actor, sum(milliseconds) AS spoken FROM audit
    WHERE guild_id = ?1 AND kind = ?2 AND at > ?3 AND at < ?4 GROUP BY actor
) AS spoken_by LEFT JOIN audit_members ON guild_id = ?1 AND pseudonym = actor
"""
_EXPORTS = """
SELECT at, 1 FROM audit JOIN audit_members
    ON audit_members.guild_id = audit.guild_id AND pseudonym = actor
WHERE audit_members.user_id = ? AND kind = 'exported' AND at > ? AND at < ?
    AND json_extract(data, '$.what') = 'privacy'
"""


@dataclass(frozen=True, slots=True)
class UploadQuotas:
    """recordings: how many. bytes: of them all."""

    recordings: Quota
    bytes: Quota


class UsageStore:
    """Every method raises StorageError if the database is unusable. clock: the present, in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        self._database, self._clock = database, clock

    async def take_upload(
        self, guild_id: int, member_id: int, size: int, quotas: UploadQuotas
    ) -> None:
        """Count a recording of so many bytes. Raises QuotaReachedError, and counts nothing."""
        present = self._clock()
        day = around(present)

        async def work(execute: Execute) -> None:
            await execute(_FORGET, day)
            rows = await execute(_UPLOADS, (guild_id, *day))
            for by_member, each in ((True, "per_member"), (False, "per_guild")):
                used = [(at, n) for at, n, user in rows if not by_member or user == member_id]
                count, most = getattr(quotas.recordings, each), getattr(quotas.bytes, each)
                ones = [(at, 1) for at, _bytes in used]
                require_room(Limited.RECORDINGS, ones, 1, count, by_member=by_member)
                require_room(Limited.UPLOADS, used, size, most, by_member=by_member)
            await execute(
                "INSERT INTO uploads (guild_id, user_id, at, bytes) VALUES (?, ?, ?, ?)",
                (guild_id, member_id, timestamp(present), size),
            )

        await self._database.write(work)

    async def spoken(self, guild_id: int) -> Mapping[int | None, int]:
        """Return how many ms each member of a guild had spoken within the day.

        None stands for who is no member, or forgotten.
        """
        day = around(self._clock())
        spoken: defaultdict[int | None, int] = defaultdict(int)
        for user_id, milliseconds in await self._database.read(
            _SPOKEN_BY, (guild_id, SPOKEN, *day)
        ):
            spoken[user_id] += milliseconds or 0
        return spoken

    async def require_speech(self, guild_id: int, member_id: int | None, limit: int) -> None:
        """Raise QuotaReachedError where a day had its speech. limit: in ms. member_id: None is all
        of the guild together.
        """
        day = around(self._clock())
        if member_id is None:
            rows = await self._database.read(_SPOKEN, (guild_id, *day))
        else:
            own = f"{_SPOKEN} AND actor = {PSEUDONYM}"
            rows = await self._database.read(own, (guild_id, *day, member_id))
        uses = [(row[0], row[1] or 0) for row in rows]
        require_room(Limited.SPEECH, uses, 1, limit, by_member=member_id is not None)

    async def require_export(self, member_id: int, limit: int) -> None:
        """Raise QuotaReachedError where a member had as many exports in a day as they may."""
        day = around(self._clock())
        rows = await self._database.read(_EXPORTS, (member_id, *day))
        uses = [(row[0], 1) for row in rows]
        require_room(Limited.EXPORTS, uses, 1, limit, by_member=True)


async def forget_uploads(database: Database, present: datetime) -> None:
    """Remove uploads that count no more. Raises StorageError."""
    day = around(present)
    if not await database.read("SELECT 1 FROM uploads WHERE at <= ? OR at >= ? LIMIT 1", day):
        return

    async def work(execute: Execute) -> None:
        await execute(_FORGET, day)

    await database.write(work)
