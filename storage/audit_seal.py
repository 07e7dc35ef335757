"""The seal of a chain: the key of the recordings vouches for where it begins and ends.

Whoever can write the database can write a whole chain anew, with every hash right. Whoever has not
the key cannot write its seal. What is appended without the key, by transactions of other stores, is
covered by the next seal.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

from storage.audit_chains import Chain, read_chain
from storage.connections import Execute
from storage.errors import BrokenSealError, KeyFileError, UnknownKeyError
from storage.sealing import KeyRing


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a chain began and ended when it was sealed; see `Chain`.

    since: the last row when it was sealed for the first time. Whoever takes a seal away cannot
    bring the old number back: what they wrote anew lies before the new one.
    """

    first: int
    before: str
    last: int
    hash: str
    since: int


async def seal(execute: Execute, guild_id: int, keys: KeyRing, *, moved: bool = False) -> None:
    """Seal a guild's chain as it is, in the transaction that is open; without a key, not at all.

    moved: its beginning was, which an older seal does not know: without a key, that goes. What
    cannot be read of the keys is no reason to write nothing down.
    """
    chain = await read_chain(execute, guild_id)
    content = None
    if chain is not None and keys:
        with contextlib.suppress(KeyFileError):
            content = keys.seal(_encoded(chain, _since(chain, keys)), chain_context(guild_id))
    if content is not None or moved:
        await execute("UPDATE audit_chains SET seal = ? WHERE guild_id = ?", (content, guild_id))


async def is_intact(execute: Execute, guild_id: int, keys: KeyRing) -> bool:
    """Whether a chain goes on from what its seal says, so that it may be sealed anew.

    Else the old seal stays, by which it shows. A hash covers all rows before it, so one row tells.
    """
    chain = await read_chain(execute, guild_id)
    try:
        sealed = opened(chain, keys) if chain is not None else None
    except BrokenSealError:
        return False
    if chain is None or sealed is None:
        return True
    if (chain.first, chain.before) != (sealed.first, sealed.before):
        return False
    rows = await execute(
        "SELECT hash FROM audit WHERE guild_id = ? AND number = ?", (guild_id, sealed.last)
    )
    return (rows[0][0] if rows else chain.before) == sealed.hash


def opened(chain: Chain, keys: KeyRing) -> Sealed | None:
    """Return what a chain's seal says; None where there is none, or its key is not there.

    Raises BrokenSealError for one that nobody with the key has made.
    """
    if chain.seal is None:
        return None
    try:
        content = keys.open_sealed(chain.seal, chain_context(chain.guild_id))
        if content == chain.seal:  # it was never sealed
            raise BrokenSealError("it is none")
        return Sealed(*json.loads(content))
    except (ValueError, TypeError) as error:
        raise BrokenSealError("it is none") from error
    except UnknownKeyError:
        return None


def _since(chain: Chain, keys: KeyRing) -> int:
    """Return since which row a chain has been sealed without a break."""
    with contextlib.suppress(BrokenSealError):
        if (before := opened(chain, keys)) is not None:
            return before.since
    return chain.last


def _encoded(chain: Chain, since: int) -> bytes:
    return json.dumps([chain.first, chain.before, chain.last, chain.hash, since]).encode()


def chain_context(guild_id: int) -> bytes:
    """What the seal of a guild's chain is sealed for."""
    return f"audit {guild_id}".encode()
