"""Finds what was tampered with in the audit trail.

Each row's hash covers the row before it, so whatever is removed, changed, added or put elsewhere
breaks the chain there; `audit_chains` tells where it begins and ends. A member who was forgotten
and a text that was removed are no faults.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.audit_chains import Chain, chains, read_chain
from storage.audit_rows import COLUMNS, pseudonym_of, row_hash, text_hash
from storage.audit_seal import Sealed, opened
from storage.connections import Execute, Row
from storage.database import Database
from storage.errors import BrokenSealError
from storage.sealing import NO_KEYS, KeyRing, sealing_key

BATCH = 500
MOST_FAULTS = 100
"""Of a guild that are told; of more, only that there are more."""

_TABLES = ("audit_chains", "audit", "audit_members", "audit_texts")
_ROWS = f"""
SELECT {", ".join(COLUMNS)}, hash,
    (SELECT json_group_object(part, json_array(salt, text)) FROM audit_texts
     WHERE audit_texts.guild_id = audit.guild_id AND audit_texts.number = audit.number) AS texts
FROM audit WHERE guild_id = ? AND number > ? ORDER BY number LIMIT {BATCH}
"""  # noqa: S608 - constants
_TEXTS_WITHOUT_ROWS = """
SELECT DISTINCT number FROM audit_texts WHERE guild_id = ?1
AND number NOT IN (SELECT number FROM audit WHERE guild_id = ?1) ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written. number: of the row where it shows, if it is one."""

    guild_id: int
    number: int | None
    what: str


async def audited_guilds(database: Database) -> list[int]:
    """Return the guilds of which there is anything of a trail. Raises StorageError."""
    tables = " UNION ".join(f"SELECT guild_id FROM {table}" for table in _TABLES)  # noqa: S608
    return [int(row[0]) for row in await database.read(f"{tables} ORDER BY guild_id")]


async def sealed_since(database: Database, keys: KeyRing) -> dict[int, int]:
    """Return since which row a key has vouched for each trail, by guild; for none of the others.

    Rows before that could have been written anew without the key. Raises StorageError.
    """
    found = {}
    for chain in await chains(database.read):
        with contextlib.suppress(BrokenSealError):  # a fault, which `verify` tells
            if (sealed := opened(chain, keys)) is not None:
                found[chain.guild_id] = max(sealed.since, chain.first)
    return found


async def missing_keys(database: Database, keys: KeyRing) -> dict[int, str]:
    """Return by which key each trail is sealed whose key is not there, by guild.

    What it vouches for cannot be told without it. Raises StorageError.
    """
    return {
        chain.guild_id: name
        for chain in await chains(database.read)
        if chain.seal is not None
        and (name := sealing_key(chain.seal)) is not None
        and not keys.knows(name)
    }


async def verify(database: Database, guild_id: int, keys: KeyRing = NO_KEYS) -> list[Fault]:
    """Return what is wrong with a guild's trail, at most `MOST_FAULTS`; nothing if it is whole.

    keys: open the seal, by which it shows that all was written anew. Others may write meanwhile.
    Raises StorageError.
    """
    async with database.snapshot() as execute:
        found: list[Fault] = []
        async for fault in _faults(execute, guild_id, keys):
            if len(found) == MOST_FAULTS:
                found.append(Fault(guild_id, None, "there are more faults than these"))
                break
            found.append(fault)
    return found


async def _faults(execute: Execute, guild_id: int, keys: KeyRing) -> AsyncIterator[Fault]:
    walk = _Walk(guild_id, await read_chain(execute, guild_id))
    for fault in walk.open_seal(keys):
        yield fault
    after = 0
    while rows := await execute(_ROWS, (guild_id, after)):
        for fault in itertools.chain.from_iterable(map(walk.take, rows)):
            yield fault
        after = rows[-1]["number"]
    for fault in [*walk.end(), *await _beside(execute, walk)]:
        yield fault


async def _beside(execute: Execute, walk: _Walk) -> list[Fault]:
    """Return what is wrong with what lies beside the rows: texts and members."""
    guild_id = walk.guild_id
    faults = [
        Fault(guild_id, number, f"row {number} has a text, but is missing itself")
        for (number,) in await execute(_TEXTS_WITHOUT_ROWS, (guild_id,))
    ]
    members = await execute("SELECT * FROM audit_members WHERE guild_id = ?", (guild_id,))
    return faults + [fault for row in members for fault in walk.wrong_member(row)]


@dataclass(slots=True)
class _Walk:
    """Goes along a chain. `next`: the number that is to come. `before`: the hash of the row before
    that; None where that row is missing.
    """

    guild_id: int
    chain: Chain | None
    next: int = field(init=False)
    before: str | None = field(init=False)
    any: bool = False
    sealed: Sealed | None = None

    def __post_init__(self) -> None:
        self.next = self.chain.first if self.chain else 1
        self.before = self.chain.before if self.chain else None

    def open_seal(self, keys: KeyRing) -> Iterator[Fault]:
        """Yield what is wrong with the seal, as far as it is known before the rows are."""
        chain = self.chain
        if chain is None:
            return
        try:
            self.sealed = opened(chain, keys)
        except BrokenSealError:
            yield self._fault(None, "the seal was made without the key")
            return
        if (sealed := self.sealed) is None:
            return
        if (chain.first, chain.before) != (sealed.first, sealed.before):
            yield self._fault(chain.first, "the beginning was moved without the key")
        if chain.last < sealed.last:
            what = f"{_missing(chain.last + 1, sealed.last)} that the key vouches for"
            yield self._fault(chain.last + 1, what)

    def take(self, row: Row) -> Iterator[Fault]:
        """Yield what is wrong with the next row, and with those before it that are missing."""
        number: int = row["number"]
        self.any = True
        if number < self.next:
            yield self._fault(number, f"row {number} was added before the beginning")
            return
        if number > self.next and self.chain is not None:
            yield self._fault(self.next, _missing(self.next, number - 1))
        if number != self.next:
            self.before = None
        if self.before is not None and row_hash(self.before, tuple(row)[: len(COLUMNS)]) != row[-2]:
            yield self._fault(number, _broken(number))
        if self.chain is not None and number > self.chain.last:
            yield self._fault(number, f"row {number} was added after the end")
        if self.sealed and number == self.sealed.last and row["hash"] != self.sealed.hash:
            yield self._fault(number, f"row {number} is not the one that the key vouches for")
        yield from self._wrong_texts(row)
        self.next, self.before = number + 1, row["hash"]

    def end(self) -> Iterator[Fault]:
        """Yield what is wrong with the chain's end."""
        chain = self.chain
        if chain is None:
            if self.any:
                yield self._fault(None, "where the trail begins and ends is not known any more")
        elif self.next <= chain.last:
            yield self._fault(self.next, _missing(self.next, chain.last) + " from the end")
        elif self.next == chain.last + 1 and self.before not in (None, chain.hash):
            yield self._fault(chain.last, f"row {chain.last} is not the one that was written last")

    def wrong_member(self, row: Row) -> Iterator[Fault]:
        """Yield what is wrong with whom a pseudonym stands for."""
        pseudonym, newest = row["pseudonym"], row["newest"]
        if pseudonym_of(row["salt"], self.guild_id, row["user_id"]) != pseudonym:
            yield self._fault(None, f"{pseudonym} was made to stand for another member")
        if self.chain is None or not self.chain.first <= newest <= self.chain.last:
            yield self._fault(newest, f"row {newest} names {pseudonym}, but is not in the trail")

    def _wrong_texts(self, row: Row) -> Iterator[Fault]:
        number, hashes = row["number"], _texts_of(row["data"])
        for part, (salt, text) in json.loads(row["texts"]).items():
            if hashes.get(part) != text_hash(salt, text):
                yield self._fault(number, f"the text “{part}” of row {number} was changed or added")

    def _fault(self, number: int | None, what: str) -> Fault:
        return Fault(self.guild_id, number, what)


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"


def _broken(number: int) -> str:
    if number == 1:
        return "row 1 was changed, or another stands in its place"
    return (
        f"row {number} does not follow from row {number - 1}: one of them was changed, added or "
        "put in another's place"
    )


def _texts_of(data: str) -> dict[str, Any]:
    """Return the hashes of a row's texts; none where its data was damaged."""
    try:
        texts = json.loads(data).get("texts", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return texts if isinstance(texts, dict) else {}
