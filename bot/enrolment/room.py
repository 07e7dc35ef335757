"""Whether there is room for another voice, another recording, another name."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator

from bot.errors import UserError
from bot.operations.limit_words import quota_text
from storage import lookalikes
from storage.quotas import EnrolmentQuotas, QuotaReachedError, require_enrolment, require_voice
from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore


async def unlimited(_guild_id: int) -> None:
    """Limit no guild."""


class Room:
    """Asked before work is done; `VoiceStore` asks the same again in its transaction.

    quotas_of: what a guild and its members may have; None where nothing is limited. The operator's
    own voices are not. Every method raises StorageError.
    """

    def __init__(
        self, store: VoiceStore, quotas_of: Callable[[int], Awaitable[EnrolmentQuotas | None]]
    ) -> None:
        self._database, self._clips = store.database, store.clips
        self._quotas_of = quotas_of

    async def quotas(self, guild_id: int) -> EnrolmentQuotas | None:
        """Return what is held to in a guild; None for the operator's own voices."""
        return None if guild_id == OPERATOR_GUILD_ID else await self._quotas_of(guild_id)

    async def require_name(self, guild_id: int, name: str) -> None:
        """Raise NameTakenError where a name looks like that of another voice."""
        await lookalikes.refuse(self._database.read, guild_id, name)

    async def require_new(self, guild_id: int, owner_id: int | None) -> None:
        """Raise UserError where there is no room for a new voice of a member, or of nobody."""
        if (quotas := await self.quotas(guild_id)) is not None:
            with told():
                await require_voice(self._database.read, guild_id, owner_id, quotas)
            await self.require_replacement(guild_id, owner_id)

    async def require_replacement(self, guild_id: int, member_id: int | None) -> None:
        """Raise UserError where a member may give no voice another recording now."""
        if (quotas := await self.quotas(guild_id)) is not None:
            with told():
                await require_enrolment(
                    self._database.read, self._clips, guild_id, member_id, quotas
                )


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Raise UserError, in the current language, where a limit is reached."""
    try:
        yield
    except QuotaReachedError as reached:
        raise UserError(quota_text(reached)) from None
