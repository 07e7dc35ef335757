"""The audit trail: an append-only chain of rows for each guild; guild 0 is the operator's.

Members stand in it as pseudonyms, and texts lie beside it, so that both can be forgotten while
every hash stays what it is. `storage.audit_check` finds what was tampered with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from storage.audit_chains import Chain, chains, read_chain
from storage.audit_events import Event
from storage.audit_rows import (
    COLUMNS,
    DELETED,
    NO_HASH,
    By,
    NewRow,
    data_json,
    new_salt,
    now,
    pseudonym_of,
    row_hash,
    text_hash,
)
from storage.audit_seal import is_intact, seal
from storage.connections import Execute, Row
from storage.database import Database
from storage.forgotten import is_stand_in
from storage.rows import timestamp
from storage.sealing import NO_KEYS, KeyRing

_INSERT = f"INSERT INTO audit ({', '.join(COLUMNS)}, hash) VALUES ({', '.join('?' * 11)})"  # noqa: S608
_BEGIN = "INSERT INTO audit_chains VALUES (?, 1, ?, 0, ?, NULL) ON CONFLICT DO NOTHING"
_DROP_TEXT = "DELETE FROM audit_texts WHERE guild_id = ? AND number = ? AND part = ?"
_MEMBER = """
INSERT INTO audit_members VALUES (?, ?, ?, ?, ?)
ON CONFLICT (guild_id, user_id) DO UPDATE SET newest = excluded.newest RETURNING pseudonym
"""


async def tell(execute: Execute, guild_id: int, *events: Event) -> None:
    """Append what happened to a guild's chain; see `append`."""
    await append(execute, guild_id, [event.row() for event in events])


async def append(execute: Execute, guild_id: int, rows: Iterable[NewRow]) -> None:
    """Append rows to a guild's chain, in the transaction that is open.

    So what happened and the row that tells of it are stored together, or neither.

    Raises sqlite3.Error.
    """
    await execute(_BEGIN, (guild_id, NO_HASH, NO_HASH))
    chain = await read_chain(execute, guild_id)
    assert chain is not None
    number, before = await _last_number(execute, chain), chain.hash
    for row in rows:
        number += 1
        before = await _append(execute, guild_id, number, before, row)
        # After each, because a trigger takes no other number than the next.
        await execute(
            "UPDATE audit_chains SET last = ?, hash = ? WHERE guild_id = ?",
            (number, before, guild_id),
        )


async def _last_number(execute: Execute, chain: Chain) -> int:
    """Return the number of a chain's newest row.

    A row that somebody added behind it shows in any case; it must not keep voices from changing.
    """
    sql = "SELECT coalesce(max(number), 0) FROM audit WHERE guild_id = ?"
    [[newest]] = await execute(sql, (chain.guild_id,))
    if newest <= chain.last:
        return chain.last
    moved = "UPDATE audit_chains SET last = ? WHERE guild_id = ?"
    await execute(moved, (newest, chain.guild_id))
    return int(newest)


async def _append(execute: Execute, guild_id: int, number: int, before: str, row: NewRow) -> str:
    """Store one row, and return its hash."""

    async def pseudonym(who: By) -> str | None:
        if not isinstance(who, int):
            return who
        if is_stand_in(who):
            return DELETED
        salt = new_salt()
        own = pseudonym_of(salt, guild_id, who)
        [[known]] = await execute(_MEMBER, (guild_id, who, salt, own, number))
        return str(known)

    data: dict[str, Any] = dict(row.data)
    if row.members:
        data["members"] = {
            part: [await pseudonym(member) for member in members]
            for part, members in row.members.items()
        }
    if row.texts:
        data["texts"] = await _keep_texts(execute, guild_id, number, row.texts)
    columns = (
        guild_id, number, timestamp(row.at or now()), row.kind,
        await pseudonym(row.actor), await pseudonym(row.subject),
        row.voice_id, row.milliseconds, row.packets_sha256, data_json(data),
    )  # fmt: skip
    sha256 = row_hash(before, columns)
    await execute(_INSERT, (*columns, sha256))
    return sha256


async def _keep_texts(
    execute: Execute, guild_id: int, number: int, texts: Mapping[str, str]
) -> dict[str, str]:
    hashes = {}
    for part, text in texts.items():
        # Neither lone surrogates nor NUL, which PostgreSQL keeps in no text.
        text = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        salt, place = new_salt(), (guild_id, number, part)
        await execute(_DROP_TEXT, place)
        await execute("INSERT INTO audit_texts VALUES (?, ?, ?, ?, ?)", (*place, salt, text))
        hashes[part] = text_hash(salt, text)
    return hashes


async def guilds_naming(execute: Execute, user_id: int) -> list[int]:
    """Return the guilds in whose trail a member is named."""
    sql = "SELECT guild_id FROM audit_members WHERE user_id = ? ORDER BY guild_id"
    return [int(row[0]) for row in await execute(sql, (user_id,))]


class AuditStore:
    """The trail. Every method raises StorageError if the database is unusable.

    keys: seal each chain that is written; see `storage.audit_seal`.
    """

    def __init__(self, database: Database, keys: KeyRing = NO_KEYS) -> None:
        self._database, self._keys = database, keys

    async def append(self, guild_id: int, rows: Sequence[NewRow]) -> None:
        """Append rows to a guild's chain; also on a full disk, from what was put aside."""

        async def work(execute: Execute) -> None:
            await self._append(execute, guild_id, rows)

        await self._database.write_urgently(work)

    async def append_all(self, rows: Mapping[int, Sequence[NewRow]]) -> None:
        """Append rows to the chains of several guilds, in one transaction."""

        async def work(execute: Execute) -> None:
            for guild_id, of_guild in rows.items():
                await self._append(execute, guild_id, of_guild)

        await self._database.write(work)

    async def chains(self) -> list[Chain]:
        """Return the chains that there are, by guild."""
        return await chains(self._database.read)

    async def seal_all(self) -> None:
        """Seal every chain with the newest key, but for those that are not as they were sealed."""

        async def work(execute: Execute) -> None:
            for chain in await chains(execute):
                await self._append(execute, chain.guild_id, ())

        await self._database.write(work)

    async def _append(self, execute: Execute, guild_id: int, rows: Sequence[NewRow]) -> None:
        intact = await is_intact(execute, guild_id, self._keys)
        await append(execute, guild_id, rows)
        if intact:
            await seal(execute, guild_id, self._keys)

    async def prune(self, guild_id: int, until: datetime, limit: int = 500) -> int:
        """Remove a chain's oldest rows, at most so many of those from before `until`.

        Returns how many. The chain begins later from then on, and members whom no row names any
        more are forgotten.
        """

        async def work(execute: Execute) -> int:
            intact = await is_intact(execute, guild_id, self._keys)
            pruned = await _prune(execute, guild_id, until, limit)
            if pruned and intact:
                await seal(execute, guild_id, self._keys, moved=True)
            return pruned

        return await self._database.write_urgently(work)

    async def forget_member(self, guild_id: int, user_id: int) -> int:
        """Forget which pseudonym was a member's, and the texts of rows that name them.

        The rows stay. Returns how many rows name whoever it was as who acted or was concerned.
        """

        async def work(execute: Execute) -> int:
            return await forget_member(execute, user_id, guild_id)

        return await self._database.write_urgently(work)

    async def delete_guild(self, guild_id: int) -> int:
        """Delete a guild's whole trail, and return how many rows that were."""

        async def work(execute: Execute) -> int:
            return await delete_guild(execute, guild_id)

        return await self._database.write_urgently(work)


async def forget_member(execute: Execute, user_id: int, guild_id: int | None = None) -> int:
    """See `AuditStore.forget_member`; in the transaction that is open. guild_id: None is all."""
    known = await execute(
        "SELECT guild_id, pseudonym FROM audit_members "
        "WHERE user_id = ?1 AND (?2 IS NULL OR guild_id = ?2)",
        (user_id, guild_id),
    )
    return sum([await _forget(execute, guild, pseudonym) for guild, pseudonym in known])


async def _forget(execute: Execute, guild_id: int, pseudonym: str) -> int:
    whom = (guild_id, pseudonym)
    await execute("DELETE FROM audit_members WHERE guild_id = ? AND pseudonym = ?", whom)
    named = "guild_id = ?1 AND ?2 IN (actor, subject)"
    texts = f"guild_id = ?1 AND number IN (SELECT number FROM audit WHERE {named})"  # noqa: S608
    await execute(f"DELETE FROM audit_texts WHERE {texts}", whom)  # noqa: S608 - constants
    [[count]] = await execute(f"SELECT count(*) FROM audit WHERE {named}", whom)  # noqa: S608
    return int(count)


async def delete_guild(execute: Execute, guild_id: int) -> int:
    """See `AuditStore.delete_guild`; in the transaction that is open."""
    [[count]] = await execute("SELECT count(*) FROM audit WHERE guild_id = ?", (guild_id,))
    # The chain first: while there is one, a trigger keeps its rows.
    for table in ("audit_chains", "audit_texts", "audit_members", "audit"):
        await execute(f"DELETE FROM {table} WHERE guild_id = ?", (guild_id,))  # noqa: S608
    return int(count)


async def _prune(execute: Execute, guild_id: int, until: datetime, limit: int) -> int:
    rows = await execute(
        "SELECT number, at, hash FROM audit WHERE guild_id = ? ORDER BY number LIMIT ?",
        (guild_id, limit),
    )
    old = _older_ones(rows, timestamp(until) or "")
    if not old:
        return 0
    newest = old[-1]
    await execute(
        "UPDATE audit_chains SET first = ?, before = ? WHERE guild_id = ?",
        (newest["number"] + 1, newest["hash"], guild_id),
    )
    for condition in ("audit WHERE number <= ?2", "audit_texts WHERE number <= ?2",
                      "audit_members WHERE newest <= ?2"):  # fmt: skip
        await execute(
            f"DELETE FROM {condition} AND guild_id = ?1",  # noqa: S608 - constants
            (guild_id, newest["number"]),
        )
    return len(old)


def _older_ones(rows: Sequence[Row], until: str) -> list[Row]:
    """Return those before the first that is new enough; a clock may have been wrong for a while."""
    old = []
    for row in rows:
        if row["at"] >= until:
            break
        old.append(row)
    return old
