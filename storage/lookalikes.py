"""No new name looks like that of another voice; see `storage.skeletons`."""

from __future__ import annotations

import asyncio

from storage.connections import Execute
from storage.errors import NameTakenError
from storage.names import name_key
from storage.skeletons import lookalike
from storage.types import OPERATOR_GUILD_ID

MOST_COMPARED = 5000
"""Names that a new one is compared with: five times as many as a server may have by default."""


async def refuse(execute: Execute, guild_id: int, name: str, voice_id: int | None = None) -> None:
    """Raise NameTakenError where a name looks like that of another voice of the guild, or of the
    operator's, though it is not the same.

    The same as an operator's may be taken: the guild's comes before it. voice_id: the voice that
    gets the name. execute: of a transaction, or what reads beside it.
    """
    rows = await execute(
        "SELECT name, name_key FROM voices "
        "WHERE guild_id IN (?, ?) AND id <> coalesce(?, -1) LIMIT ?",
        (guild_id, OPERATOR_GUILD_ID, voice_id, MOST_COMPARED),
    )
    key = name_key(name)
    names = [row["name"] for row in rows if row["name_key"] != key]
    # The table takes a tenth of a second to be read.
    other = await asyncio.to_thread(lookalike, name, names)
    if other is not None:
        raise NameTakenError(
            "It looks like “{name}”, which is here already. Choose another name.", name=other
        )
