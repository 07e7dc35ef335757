"""What stands where a member's id was, once that member's data was deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

FORGOTTEN = 2**62
"""Stands for whoever did something and had their data deleted. Discord's ids reach that in 2049."""

_DIGEST_BYTES = 8


def stand_in(user_id: int) -> int:
    """Return the number that keeps a member blocked whose id is not stored any more.

    From `FORGOTTEN` on and below 2^63, of the SHA-256 of the id: a pseudonym, which cannot be
    turned back, but by which whoever knows the id recognises the member.
    """
    digest = hashlib.sha256(f"mynah:forgotten:{user_id}".encode()).digest()
    return FORGOTTEN | int.from_bytes(digest[:_DIGEST_BYTES], "big") >> 2


def is_stand_in(user_id: int) -> bool:
    """Whether an id stands for somebody whose data was deleted."""
    return user_id >= FORGOTTEN


def is_among(user_id: int, ids: Collection[int]) -> bool:
    """Whether a member is one of those that were named, also when their data was deleted since."""
    return bool(ids) and (user_id in ids or stand_in(user_id) in ids)
