"""Whose a voice is: who may speak as it, who stopped it, whom its owner blocked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from storage import audit
from storage.audit_events import Blocked, Paused, Resumed, Shared, Unblocked, about_voice
from storage.audit_rows import OPERATOR
from storage.audit_rows import By as Actor
from storage.database import Database, Execute
from storage.errors import VoiceNotFoundError, VoiceRequestError
from storage.rows import profile_of, timestamp
from storage.types import Reach, VoiceProfile
from storage.usable import Asker, search_usable
from storage.voices import VoiceStore

MAX_MEMBERS = 100
MAX_ROLES = 25
"""With whom one voice is shared by name."""

MAX_BLOCKS = 200
"""Members whom one owner blocks on a server."""

By: TypeAlias = Literal["owner", "admin"]
"""In which part somebody changes a voice; the operator's program acts as an admin."""

_RANKS: tuple[Reach, ...] = ("owner", "named", "everybody")
_PAUSE: Mapping[By, str] = {
    "owner": """
UPDATE voices SET paused_by_owner_at = ?1, access_version = access_version + 1
WHERE id = ?2 AND (paused_by_owner_at IS NULL) = (?1 IS NOT NULL)
""",
    "admin": """
UPDATE voices SET paused_by_admin_at = ?1, access_version = access_version + 1
WHERE id = ?2 AND (paused_by_admin_at IS NULL) = (?1 IS NOT NULL)
""",
}

_ACCESS = """
SELECT id, guild_id, name, owner_id, reach, access_version,
    paused_by_owner_at IS NOT NULL AS by_owner, paused_by_admin_at IS NOT NULL AS by_admin,
    (SELECT json_group_array(user_id) FROM voice_members WHERE voice_id = voices.id) AS members,
    (SELECT json_group_array(role_id) FROM voice_roles WHERE voice_id = voices.id) AS roles,
    (SELECT json_group_array(blocked_id) FROM voice_blocks
     WHERE voice_blocks.guild_id = voices.guild_id AND voice_blocks.owner_id = voices.owner_id)
        AS blocked
FROM voices WHERE id IN ({marks})
"""
_BUMP_OWNERS = """
UPDATE voices SET access_version = access_version + 1 WHERE guild_id = ? AND owner_id = ?
"""


class SharingRefusedError(VoiceRequestError):
    """A voice cannot be shared so: nobody's, more widely than an admin may, or with too many."""


class TooManyBlockedError(VoiceRequestError):
    """An owner blocks as many members as there is room for."""


@dataclass(frozen=True, slots=True)
class VoiceAccess:
    """What decides who may speak as a voice, read in one go.

    owner: None for nobody's, such as the operator's. members, roles: with whom it is shared where
    `reach` is "named"; kept, and without effect, where it is not. blocked: whom its owner blocked.
    version: counts changes of all that.
    """

    voice_id: int
    guild_id: int
    name: str
    owner: int | None = None
    reach: Reach = "everybody"
    members: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()
    paused_by_owner: bool = False
    paused_by_admin: bool = False
    version: int = 0

    @property
    def paused(self) -> bool:
        """Whether nobody may speak as it now, not even its owner."""
        return self.paused_by_owner or self.paused_by_admin


@dataclass(frozen=True, slots=True)
class SharingChange:
    """What is to change about who may speak as a voice. reach: None leaves it as it is.

    What was added by somebody else meanwhile stays.
    """

    reach: Reach | None = None
    add_members: frozenset[int] = frozenset()
    add_roles: frozenset[int] = frozenset()
    remove_members: frozenset[int] = frozenset()
    remove_roles: frozenset[int] = frozenset()

    def widens(self, access: VoiceAccess) -> bool:
        """Whether anybody may speak as the voice afterwards who may not now, or after another
        change that takes nobody in.
        """
        reach = self.reach or access.reach
        added = (self.add_members - access.members) | (self.add_roles - access.roles)
        return _RANKS.index(reach) > _RANKS.index(access.reach) or bool(added)


class ReachStore:
    """Reads and changes who may speak as a voice; every change is one transaction.

    Every method raises StorageError if the database is unusable, besides what it names. What is
    changed is told to the audit trail; actor: who does it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def beside(cls, voices: VoiceStore) -> ReachStore:
        """Return what is in the database of `voices`, which goes on owning it."""
        return cls(voices.database)

    async def access_of(self, voice_ids: Collection[int]) -> dict[int, VoiceAccess]:
        """Return what decides about voices, by id, without those that are gone."""
        return await access_of(self._database, voice_ids)

    async def search(
        self, guild_id: int, text: str, limit: int, asker: Asker
    ) -> list[VoiceProfile]:
        """See `storage.usable.search_usable`."""
        return await search_usable(self._database, guild_id, text, limit, asker)

    async def share(
        self, voice_id: int, change: SharingChange, *, by: By, actor: Actor = OPERATOR
    ) -> VoiceAccess:
        """Change with whom a voice is shared, and return what decides then.

        Raises VoiceNotFoundError; SharingRefusedError, and changes nothing, for a voice without an
        owner, for an admin who would widen it, and for more than `MAX_MEMBERS` or `MAX_ROLES`.
        """

        async def work(execute: Execute) -> VoiceAccess:
            access = await _access(execute, voice_id)
            _require_shareable(access, change, by)
            await _store(execute, voice_id, change)
            changed = await _access(execute, voice_id)
            _require_room(changed)
            if replace(access, version=changed.version) != changed:
                await audit.tell(execute, access.guild_id, _shared(access, changed, actor))
            return changed

        return await self._database.write(work)

    async def pause(
        self, voice_id: int, *, by: By, actor: Actor = OPERATOR, now: datetime | None = None
    ) -> tuple[VoiceProfile, bool]:
        """Stop a voice; return it and whether it was not stopped so before.

        Raises VoiceNotFoundError.
        """
        return await self._set_pause(voice_id, by, timestamp(now or datetime.now(UTC)), actor)

    async def resume(
        self, voice_id: int, *, by: By, actor: Actor = OPERATOR
    ) -> tuple[VoiceProfile, bool]:
        """Take back a pause of that part alone, as `pause` does."""
        return await self._set_pause(voice_id, by, None, actor)

    async def _set_pause(
        self, voice_id: int, by: By, at: str | None, actor: Actor
    ) -> tuple[VoiceProfile, bool]:
        async def work(execute: Execute) -> tuple[VoiceProfile, bool]:
            await execute(_PAUSE[by], (at, voice_id))
            changed = await _changed(execute)
            rows = await execute("SELECT * FROM voices WHERE id = ?", (voice_id,))
            if not rows:
                raise _gone()
            voice = profile_of(rows[0])
            if changed:
                kind = Resumed if at is None else Paused
                event = kind(by=actor, **about_voice(voice), role=by)
                await audit.tell(execute, voice.guild_id, event)
            return voice, bool(changed)

        return await self._database.write(work)

    async def block(self, guild_id: int, owner_id: int, member_id: int) -> bool:
        """Keep a member from all voices of an owner on a server; whether they were not before.

        Raises TooManyBlockedError.
        """
        key = (guild_id, owner_id, member_id)

        async def work(execute: Execute) -> bool:
            await execute("INSERT OR IGNORE INTO voice_blocks VALUES (?, ?, ?)", key)
            if not await _changed(execute):
                return False
            blocked = await execute(
                "SELECT count(*) FROM voice_blocks WHERE guild_id = ? AND owner_id = ?", key[:2]
            )
            if blocked[0][0] > MAX_BLOCKS:
                raise TooManyBlockedError(
                    "You block {most} members here already. Unblock one first.", most=MAX_BLOCKS
                )
            await execute(_BUMP_OWNERS, key[:2])
            await audit.tell(execute, guild_id, Blocked(by=owner_id, member_id=member_id))
            return True

        return await self._database.write(work)

    async def unblock(self, guild_id: int, owner_id: int, member_ids: Collection[int]) -> int:
        """Take blocks back; return how many there were."""

        async def work(execute: Execute) -> int:
            taken_back = 0
            for member_id in member_ids:
                await execute(
                    "DELETE FROM voice_blocks"
                    " WHERE guild_id = ? AND owner_id = ? AND blocked_id = ?",
                    (guild_id, owner_id, member_id),
                )
                if await _changed(execute):
                    taken_back += 1
                    event = Unblocked(by=owner_id, member_id=member_id)
                    await audit.tell(execute, guild_id, event)
            if taken_back:
                await execute(_BUMP_OWNERS, (guild_id, owner_id))
            return taken_back

        return await self._database.write(work)

    async def blocks(self, guild_id: int, owner_id: int) -> list[int]:
        """Return whom an owner blocks on a server, at most `MAX_BLOCKS`."""
        rows = await self._database.read(
            "SELECT blocked_id FROM voice_blocks WHERE guild_id = ? AND owner_id = ?"
            " ORDER BY blocked_id",
            (guild_id, owner_id),
        )
        return [int(row[0]) for row in rows]


async def access_of(database: Database, voice_ids: Collection[int]) -> dict[int, VoiceAccess]:
    """See `ReachStore.access_of`."""
    sql = _ACCESS.format(marks=", ".join("?" * len(voice_ids)))
    rows = await database.read(sql, list(voice_ids))
    return {row["id"]: _access_from(row) for row in rows}


async def _access(execute: Execute, voice_id: int) -> VoiceAccess:
    rows = await execute(_ACCESS.format(marks="?"), (voice_id,))
    if not rows:
        raise _gone()
    return _access_from(rows[0])


def _access_from(row: sqlite3.Row) -> VoiceAccess:
    members, roles, blocked = (_ids(row[name]) for name in ("members", "roles", "blocked"))
    reach: Reach = row["reach"] if row["reach"] in _RANKS else "owner"  # as `rows` does
    return VoiceAccess(
        voice_id=row["id"],
        guild_id=row["guild_id"],
        name=row["name"],
        owner=row["owner_id"],
        reach=reach,
        members=members,
        roles=roles,
        blocked=blocked,
        paused_by_owner=bool(row["by_owner"]),
        paused_by_admin=bool(row["by_admin"]),
        version=row["access_version"],
    )


def _ids(as_json: str) -> frozenset[int]:
    return frozenset(json.loads(as_json))


def _require_shareable(access: VoiceAccess, change: SharingChange, by: By) -> None:
    if access.owner is None:
        raise SharingRefusedError(
            "“{name}” belongs to no member, so everybody on its server can use it. It can be "
            "paused or deleted.",
            name=access.name,
        )
    if by == "admin" and change.widens(access):
        raise SharingRefusedError(
            "Only its owner can share “{name}” with more people. You can take members and roles "
            "away, pause it or delete it.",
            name=access.name,
        )


def _require_room(access: VoiceAccess) -> None:
    if len(access.members) > MAX_MEMBERS or len(access.roles) > MAX_ROLES:
        raise SharingRefusedError(
            "A voice can be shared with {members} members and {roles} roles by name. Remove some "
            "first, or share it with a role that more people have.",
            members=MAX_MEMBERS,
            roles=MAX_ROLES,
        )


async def _store(execute: Execute, voice_id: int, change: SharingChange) -> None:
    await execute(
        "UPDATE voices SET reach = coalesce(?, reach), access_version = access_version + 1"
        " WHERE id = ?",
        (change.reach, voice_id),
    )
    for user_id in change.remove_members:
        await execute(
            "DELETE FROM voice_members WHERE voice_id = ? AND user_id = ?", (voice_id, user_id)
        )
    for role_id in change.remove_roles:
        await execute(
            "DELETE FROM voice_roles WHERE voice_id = ? AND role_id = ?", (voice_id, role_id)
        )
    for user_id in change.add_members:
        await execute("INSERT OR IGNORE INTO voice_members VALUES (?, ?)", (voice_id, user_id))
    for role_id in change.add_roles:
        await execute("INSERT OR IGNORE INTO voice_roles VALUES (?, ?)", (voice_id, role_id))


def _shared(before: VoiceAccess, now: VoiceAccess, actor: Actor) -> Shared:
    return Shared(
        by=actor,
        voice_id=now.voice_id,
        owner_id=now.owner,
        voice=now.name,
        reach=now.reach,
        added=tuple(sorted(now.members - before.members)),
        removed=tuple(sorted(before.members - now.members)),
        added_roles=tuple(sorted(now.roles - before.roles)),
        removed_roles=tuple(sorted(before.roles - now.roles)),
    )


async def _changed(execute: Execute) -> int:
    [[changed]] = await execute("SELECT changes()")
    return int(changed)


def _gone() -> VoiceNotFoundError:
    return VoiceNotFoundError("That voice does not exist any more.")
