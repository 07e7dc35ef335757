"""In whose voice a member is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.clip_need import ClipNeed
from storage.access import VoiceAccess
from storage.settings import SettingsStore
from storage.types import VoiceProfile

MAX_OPERATOR_VOICES = 500
"""That members are spread over."""

MayUse = Callable[[VoiceAccess], bool]
"""Whether somebody may speak in a voice."""

_TRIED = 5  # of the operator's, until one is found that can speak


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice, and whether it is the member's own: one that they chose or enrolled.

    The voice of another member is not, also where they chose it.
    """

    voice: VoiceProfile
    own: bool


class Speakers:
    """Finds the voice that speaks for a member."""

    def __init__(self, store: SettingsStore, need: Callable[[], ClipNeed] = ClipNeed) -> None:
        """Take the store; need: what the engine that speaks needs of a recording."""
        self._store, self._need = store, need

    async def of_member(self, guild_id: int, user_id: int, may_use: MayUse) -> Speaker | None:
        """Return the voice that speaks for a member.

        Their default, else the one they enrolled last, else one of the operator's that stays the
        same for them, else the guild's default. Damaged and too short ones are passed over, and
        what they may not use, or no more. Raises StorageError.
        """
        own = await self._usable(await self._store.own_voices(guild_id, user_id), may_use)
        if own is not None:
            return Speaker(own, own=own.owner_id in (user_id, None))
        voice = await self._operators(f"{guild_id}:{user_id}", may_use)
        voice = voice or await self._default(guild_id, may_use)
        return Speaker(voice, own=False) if voice is not None else None

    async def of_guild(self, guild_id: int, may_use: MayUse) -> Speaker | None:
        """Return the voice for what nobody wrote: the guild's default, else an operator's.

        may_use: whether everybody may. Raises StorageError.
        """
        voice = await self._default(guild_id, may_use)
        voice = voice or await self._operators(str(guild_id), may_use)
        return Speaker(voice, own=False) if voice is not None else None

    async def _operators(self, key: str, may_use: MayUse) -> VoiceProfile | None:
        ids = ranked(key, await self._store.operator_voice_ids(MAX_OPERATOR_VOICES))
        voices = await self._store.voices_by_id(ids[:_TRIED]) if ids else []
        return await self._usable(voices, may_use)

    async def _default(self, guild_id: int, may_use: MayUse) -> VoiceProfile | None:
        default = await self._store.guild_default(guild_id)
        return await self._usable([default] if default is not None else [], may_use)

    async def _usable(self, voices: Sequence[VoiceProfile], may_use: MayUse) -> VoiceProfile | None:
        access = await self._store.access_of([voice.id for voice in voices]) if voices else {}
        return self._fit(v for v in voices if v.id in access and may_use(access[v.id]))

    def _fit(self, voices: Iterable[VoiceProfile]) -> VoiceProfile | None:
        need = self._need()
        fit = (v for v in voices if v.damage is None and not need.refuses(v.seconds))
        return next(fit, None)


def ranked(key: str, voice_ids: Sequence[int]) -> list[int]:
    """Return voices in the order in which they suit `key`, always the same.

    By rendezvous hashing (Thaler and Ravishankar, 1998): a voice that comes takes over an equal
    share of the keys, one that goes leaves its own to others, and no other key moves.
    """
    return sorted(voice_ids, key=lambda voice_id: _weight(key, voice_id), reverse=True)


def _weight(key: str, voice_id: int) -> bytes:
    return hashlib.blake2b(f"{key}/{voice_id}".encode(), digest_size=8).digest()
