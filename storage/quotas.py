"""How much members and guilds may have stored: asked in the transaction that stores more.

A day is the last 24 hours. What was done in it is read from the audit trail, which is kept for at
least seven days, and from `uploads`. What lies more than a day ahead counts as little as what is
older: the clock was wrong then, and whoever was recorded would wait until that time comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from storage.audit_rows import now
from storage.clip_files import ClipFiles, clip_name
from storage.connections import Execute, Parameters
from storage.errors import StorageError
from storage.rows import timestamp

DAY = timedelta(days=1)

_ENROLLED = """
SELECT at FROM audit
WHERE guild_id = ?1 AND kind IN ('enrolled', 'replaced') AND at > ?2 AND at < ?3
"""


class Limited(Enum):
    """What is limited."""

    VOICES = auto()
    STORED = auto()
    """In bytes."""
    ENROLMENTS = auto()
    """A day: voices that are made or replaced."""
    RECORDINGS = auto()
    """A day: that are handed in."""
    UPLOADS = auto()
    """A day, in bytes."""
    SPEECH = auto()
    """A day, in ms."""
    EXPORTS = auto()
    """A day."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that a member of a guild, and all of them together, may have."""

    per_member: int
    per_guild: int


@dataclass(frozen=True, slots=True)
class EnrolmentQuotas:
    """stored: in bytes. enrolments: within a day."""

    voices: Quota
    stored: Quota
    enrolments: Quota


class QuotaReachedError(Exception):
    """A limit would be passed; nothing was done.

    by_member: whose limit it is, the member's or the guild's. used: of `limit`, now. more: what was
    asked for. again: when there is room for that; None where there never is by itself.
    """

    def __init__(
        self,
        what: Limited,
        limit: int,
        used: int,
        more: int,
        *,
        by_member: bool,
        again: datetime | None = None,
    ) -> None:
        super().__init__(f"{what.name} is at {used} of {limit}")
        self.what, self.limit, self.used, self.more = what, limit, used, more
        self.by_member, self.again = by_member, again


async def require_voice(
    execute: Execute, guild_id: int, member_id: int | None, quotas: EnrolmentQuotas
) -> None:
    """Raise QuotaReachedError where there is room for no other voice.

    member_id: whose it will be; None is nobody's, for which only the guild's limit counts.
    """
    voices = "SELECT count(*) FROM voices WHERE guild_id = ?"
    [[all_voices]] = await execute(voices, (guild_id,))
    if member_id is not None:
        [[own]] = await execute(f"{voices} AND owner_id = ?", (guild_id, member_id))
        _require(Limited.VOICES, own, 1, quotas.voices.per_member, by_member=True)
    _require(Limited.VOICES, all_voices, 1, quotas.voices.per_guild, by_member=False)


async def require_enrolment(
    execute: Execute,
    clips: ClipFiles,
    guild_id: int,
    member_id: int | None,
    quotas: EnrolmentQuotas,
    more: int = 0,
) -> None:
    """Raise QuotaReachedError where the day has had as many enrolments as it may, or so many bytes
    more would be too much. member_id: None is the operator, who is let through.
    """
    if member_id is None:
        return
    await _require_day(execute, guild_id, member_id, quotas, now())
    await _require_bytes(execute, clips, guild_id, member_id, quotas, more)


async def _require_day(
    execute: Execute, guild_id: int, member_id: int, quotas: EnrolmentQuotas, present: datetime
) -> None:
    for limit, condition, member in (
        (quotas.enrolments.per_member, f"AND actor = {PSEUDONYM}", member_id),
        (quotas.enrolments.per_guild, "", None),
    ):
        parameters: Parameters = (guild_id, *around(present), member)[: 4 if member else 3]
        rows = await execute(_ENROLLED + condition, parameters)
        require_room(Limited.ENROLMENTS, [(row[0], 1) for row in rows], 1, limit,
                     by_member=member is not None)  # fmt: skip


async def _require_bytes(
    execute: Execute,
    clips: ClipFiles,
    guild_id: int,
    member_id: int,
    quotas: EnrolmentQuotas,
    more: int,
) -> None:
    own, everyones = "guild_id = ?1 AND owner_id = ?2", "guild_id = ?1"
    for whose, parameters, limit, by_member in (
        (own, (guild_id, member_id), quotas.stored.per_member, True),
        (everyones, (guild_id,), quotas.stored.per_guild, False),
    ):
        used = await _size(clips, await _hashes(execute, whose, parameters))
        _require(Limited.STORED, used, more, limit, by_member=by_member)


PSEUDONYM = "(SELECT pseudonym FROM audit_members WHERE guild_id = ?1 AND user_id = ?4)"
"""Of the member ?4 of the guild ?1; NULL, which equals nothing, where the trail does not name them.
"""


def around(present: datetime) -> Parameters:
    """Return when what counts for the present day begins and ends, as `timestamp` writes it."""
    return timestamp(present - DAY), timestamp(present + DAY)


def require_room(
    what: Limited, used: Iterable[tuple[str, int]], more: int, limit: int, *, by_member: bool
) -> None:
    """Raise QuotaReachedError where what was used in a day and `more` are above a limit.

    used: when, as `timestamp` writes it, and how much.
    """
    uses = sorted(used)
    total = sum(amount for _at, amount in uses)
    if total + more <= limit:
        return
    left, again = total, None
    for at, amount in uses:
        left -= amount
        if left + more <= limit:
            again = datetime.fromisoformat(at) + DAY
            break
    raise QuotaReachedError(what, limit, total, more, by_member=by_member, again=again)


def _require(what: Limited, used: int, more: int, limit: int, *, by_member: bool) -> None:
    if used + more > limit:
        raise QuotaReachedError(what, limit, used, more, by_member=by_member)


async def _hashes(execute: Execute, whose: str, parameters: Parameters) -> set[str]:
    """Return the clips of voices, with those that they had and those of consents."""
    voices = f"SELECT id FROM voices WHERE {whose}"  # noqa: S608 - constants
    rows = await execute(
        f"SELECT clip_sha256, former_sha256 FROM voices WHERE {whose}",  # noqa: S608
        parameters,
    )
    sentences = await execute(
        f"SELECT consent_sha256 FROM consents WHERE voice_id IN ({voices})",  # noqa: S608
        parameters,
    )
    return {each for row in (*rows, *sentences) for each in row if each is not None}


async def _size(clips: ClipFiles, hashes: Iterable[str]) -> int:
    """Return how many bytes clips take; none for one that is missing. Raises StorageError."""
    try:
        sizes = await clips.run(clips.kept.sizes, [clip_name(sha256) for sha256 in hashes])
    except OSError as error:
        raise StorageError(
            f"The recordings in {clips.kept} cannot be measured ({error.strerror}). "
            f"{clips.kept.list_advice}"
        ) from error
    return sum(sizes.values())
