"""In whose voice a member is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.clip_need import ClipNeed
from storage.settings import SettingsStore
from storage.types import VoiceProfile


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice, and whether it is the member's own: one that they chose or enrolled."""

    voice: VoiceProfile
    own: bool


class Speakers:
    """Finds the voice that speaks for a member."""

    def __init__(self, store: SettingsStore, need: Callable[[], ClipNeed] = ClipNeed) -> None:
        """Take the store; need: what the engine that speaks needs of a recording."""
        self._store, self._need = store, need

    async def of_member(self, guild_id: int, user_id: int) -> Speaker | None:
        """Return the voice that speaks for a member.

        Their default, else the one they enrolled last, else one of the operator's that stays the
        same for them, else the guild's default; damaged and too short ones are passed over.
        Raises StorageError.
        """
        raise NotImplementedError

    async def of_guild(self, guild_id: int) -> Speaker | None:
        """Return the voice for what nobody wrote: the guild's default, else an operator's.

        Raises StorageError.
        """
        raise NotImplementedError
