"""Whose a voice is: who may speak as it, who stopped it, whom its owner blocked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from storage import audit
from storage.access import SharingChange, VoiceAccess, access_of
from storage.audit_events import Blocked, Paused, Resumed, Shared, Unblocked, about_voice
from storage.audit_rows import OPERATOR
from storage.audit_rows import By as Actor
from storage.connections import Execute
from storage.database import Database
from storage.errors import VoiceNotFoundError, VoiceRequestError
from storage.forgotten import is_among, stand_in
from storage.rows import profile_of, timestamp
from storage.types import VoiceProfile
from storage.usable import Asker, search_usable
from storage.voices import VoiceStore

MAX_MEMBERS = 100
MAX_ROLES = 25
"""With whom one voice is shared by name."""

MAX_BLOCKS = 200
"""Members whom one owner blocks on a server."""

By: TypeAlias = Literal["owner", "admin"]
"""As what somebody changes a voice; the operator acts as an admin."""

_PAUSE: Mapping[By, str] = {
    "owner": """
UPDATE voices SET paused_by_owner_at = ?1, access_version = access_version + 1
WHERE id = ?2 AND (paused_by_owner_at IS NULL) = (?1 IS NOT NULL)
RETURNING 1
""",
    "admin": """
UPDATE voices SET paused_by_admin_at = ?1, access_version = access_version + 1
WHERE id = ?2 AND (paused_by_admin_at IS NULL) = (?1 IS NOT NULL)
RETURNING 1
""",
}

_SHARE_WITH_MEMBER = "INSERT INTO voice_members VALUES (?, ?) ON CONFLICT DO NOTHING"
_SHARE_WITH_ROLE = "INSERT INTO voice_roles VALUES (?, ?) ON CONFLICT DO NOTHING"
_BUMP = "UPDATE voices SET access_version = access_version + 1 WHERE id = ?"
_BLOCKS = """
SELECT blocked_id FROM voice_blocks WHERE guild_id = ? AND owner_id = ? ORDER BY blocked_id
"""
_UNBLOCK = """
DELETE FROM voice_blocks WHERE guild_id = ? AND owner_id = ? AND blocked_id IN (?, ?)
"""
_BUMP_OWNERS = """
UPDATE voices SET access_version = access_version + 1 WHERE guild_id = ? AND owner_id = ?
"""


class SharingRefusedError(VoiceRequestError):
    """A voice cannot be shared so: nobody's, more widely than an admin may, or with too many."""


class TooManyBlockedError(VoiceRequestError):
    """An owner blocks as many members as there is room for."""


class ReachStore:
    """Reads and changes who may speak as a voice; every change is one transaction.

    Every method raises StorageError if the database is unusable, besides what it names.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def beside(cls, voices: VoiceStore) -> ReachStore:
        """Return what is in the database of `voices`, which goes on owning it."""
        return cls(voices.database)

    async def access_of(self, voice_ids: Collection[int]) -> dict[int, VoiceAccess]:
        """Return what decides about voices, by id, without those that are gone."""
        return await access_of(self._database.read, voice_ids)

    async def search(
        self, guild_id: int, text: str, limit: int, asker: Asker
    ) -> list[VoiceProfile]:
        """See `storage.usable.search_usable`."""
        return await search_usable(self._database, guild_id, text, limit, asker)

    async def share(
        self, voice_id: int, change: SharingChange, *, by: By, actor: Actor = OPERATOR
    ) -> VoiceAccess:
        """Change with whom a voice is shared, and return what decides then.

        actor: who it is, for the audit trail.

        Raises VoiceNotFoundError; SharingRefusedError, and changes nothing, for a voice without an
        owner, for an admin who would widen it, and for more than `MAX_MEMBERS` or `MAX_ROLES`.
        """

        async def work(execute: Execute) -> VoiceAccess:
            before = await _access(execute, voice_id)
            _require_shareable(before, change, by)
            await _store(execute, voice_id, change)
            access = await _access(execute, voice_id)
            if access == before:
                return access
            _require_room(access)
            await execute(_BUMP, (voice_id,))
            await audit.tell(execute, access.guild_id, _shared(before, access, actor))
            return await _access(execute, voice_id)

        return await self._database.write(work)

    async def pause(
        self, voice_id: int, *, by: By, actor: Actor = OPERATOR
    ) -> tuple[VoiceProfile, bool]:
        """Stop a voice, also on a full disk; return it and whether it was not stopped in that role
        before.

        actor: who it is, for the audit trail. Raises VoiceNotFoundError.
        """
        at = timestamp(datetime.now(UTC))
        return await self._database.write_urgently(_pause(voice_id, by, actor, at))

    async def resume(
        self, voice_id: int, *, by: By, actor: Actor = OPERATOR
    ) -> tuple[VoiceProfile, bool]:
        """Take back a pause in that role alone, as `pause` does."""
        return await self._database.write(_pause(voice_id, by, actor, None))

    async def block(self, guild_id: int, owner_id: int, member_id: int) -> bool:
        """Keep a member from all voices of an owner on a server; whether they were not before.

        Raises TooManyBlockedError.
        """

        async def work(execute: Execute) -> bool:
            blocked = await _blocks(execute, guild_id, owner_id)
            if is_among(member_id, blocked):
                return False
            if len(blocked) >= MAX_BLOCKS:
                raise TooManyBlockedError(
                    "You block {most} members here already. Unblock one first.", most=MAX_BLOCKS
                )
            key = (guild_id, owner_id, member_id)
            await execute("INSERT INTO voice_blocks VALUES (?, ?, ?)", key)
            await execute(_BUMP_OWNERS, (guild_id, owner_id))
            await audit.tell(execute, guild_id, Blocked(by=owner_id, member_id=member_id))
            return True

        return await self._database.write(work)

    async def unblock(self, guild_id: int, owner_id: int, member_ids: Collection[int]) -> int:
        """Take blocks back; return how many there were."""

        async def work(execute: Execute) -> int:
            blocked = await _blocks(execute, guild_id, owner_id)
            gone = [each for each in member_ids if is_among(each, blocked)]
            for each in gone:
                await execute(_UNBLOCK, (guild_id, owner_id, each, stand_in(each)))
            if gone:
                await execute(_BUMP_OWNERS, (guild_id, owner_id))
                for each in gone:
                    await audit.tell(execute, guild_id, Unblocked(by=owner_id, member_id=each))
            return len(gone)

        return await self._database.write(work)

    async def blocks(self, guild_id: int, owner_id: int) -> list[int]:
        """Return whom an owner blocks on a server, at most `MAX_BLOCKS`."""
        rows = await self._database.read(_BLOCKS, (guild_id, owner_id))
        return [int(row[0]) for row in rows]


def _pause(
    voice_id: int, by: By, actor: Actor, at: str | None
) -> Callable[[Execute], Awaitable[tuple[VoiceProfile, bool]]]:
    """Return the transaction that stops a voice, or with None lets it speak again."""
    kind = Paused if at is not None else Resumed

    async def work(execute: Execute) -> tuple[VoiceProfile, bool]:
        changed = bool(await execute(_PAUSE[by], (at, voice_id)))
        rows = await execute("SELECT * FROM voices WHERE id = ?", (voice_id,))
        if not rows:
            raise _gone()
        voice = profile_of(rows[0])
        if changed:
            event = kind(by=actor, role=by, **about_voice(voice))
            await audit.tell(execute, voice.guild_id, event)
        return voice, changed

    return work


async def _access(execute: Execute, voice_id: int) -> VoiceAccess:
    access = await access_of(execute, [voice_id])
    if voice_id not in access:
        raise _gone()
    return access[voice_id]


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
        "UPDATE voices SET reach = coalesce(?, reach) WHERE id = ?", (change.reach, voice_id)
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
        await execute(_SHARE_WITH_MEMBER, (voice_id, user_id))
    for role_id in change.add_roles:
        await execute(_SHARE_WITH_ROLE, (voice_id, role_id))


async def _blocks(execute: Execute, guild_id: int, owner_id: int) -> list[int]:
    return [row[0] for row in await execute(_BLOCKS, (guild_id, owner_id))]


def _gone() -> VoiceNotFoundError:
    return VoiceNotFoundError("That voice does not exist any more.")
