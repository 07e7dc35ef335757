"""Whose data is meant: a member's, a guild's, a member's in a guild, or everybody's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Whose:
    """user_id: None is every member. guild_id: None is every guild."""

    user_id: int | None = None
    guild_id: int | None = None

    def covers(self, guild_id: int, user_id: int) -> bool:
        """Whether something of a member in a guild is meant."""
        return self.guild_id in (None, guild_id) and self.user_id in (None, user_id)


EVERYBODY = Whose()

Forget: TypeAlias = Callable[[Whose], Awaitable[None]]
"""Drops what is remembered of somebody, and returns when it is gone."""
