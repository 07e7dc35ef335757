"""What decides who may speak as a voice, read in one go."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from storage.connections import Execute, Row
from storage.types import Reach

_RANKS: tuple[Reach, ...] = ("owner", "named", "everybody")
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


@dataclass(frozen=True, slots=True)
class VoiceAccess:
    """What decides who may speak as a voice.

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


async def access_of(execute: Execute, voice_ids: Collection[int]) -> dict[int, VoiceAccess]:
    """Return what decides about voices, by id, without those that are gone.

    execute: of the transaction that is open, or `Database.read`.
    """
    sql = _ACCESS.format(marks=", ".join("?" * len(voice_ids)))
    rows = await execute(sql, list(voice_ids))
    return {row["id"]: _access_from(row) for row in rows}


def _access_from(row: Row) -> VoiceAccess:
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
