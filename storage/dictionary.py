"""How words are spoken: the entries of guilds and of members."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from storage import audit
from storage.audit_events import DictionaryChanged
from storage.audit_rows import By
from storage.connections import Execute, Row
from storage.database import Database

Key = tuple[bool, str, str]

_VERSION_BITS = 48  # so that it can be counted up for ever


@dataclass(frozen=True, slots=True)
class Entry:
    """How something is spoken.

    written: a word or several, an emoji, `:name:`; with `pattern`, a regular expression.
    spoken: "" is silence; in that of a pattern, \\1 is what its first group found.
    language: ISO 639-1 code of the texts that it is for; "" is all of them.
    """

    written: str
    spoken: str
    pattern: bool = False
    language: str = ""

    @property
    def key(self) -> Key:
        """What it is found by: another entry with the same key takes its place."""
        return (self.pattern, self.written if self.pattern else _fold(self.written), self.language)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose dictionary. user_id: 0 is the guild's own, for the texts of all."""

    guild_id: int
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class DictionaryBounds:
    """How many entries a guild may have, and how many of them patterns.

    members_entries: how many a member may have; None for as many.
    """

    entries: int = 2000
    patterns: int = 200
    members_entries: int | None = None

    def entries_of(self, owner: Owner) -> int:
        """Return how many entries an owner may have."""
        members = self.entries if self.members_entries is None else self.members_entries
        return members if owner.user_id else self.entries


class Put(Enum):
    """What became of an entry."""

    ADDED = auto()
    REPLACED = auto()
    FULL = auto()  # there are too many entries
    TOO_MANY_PATTERNS = auto()

    @property
    def kept(self) -> bool:
        """Whether it is stored now."""
        return self in (Put.ADDED, Put.REPLACED)


class DictionaryStore:
    """The entries. Every method raises StorageError if the database is unusable.

    What changes a guild's own tells the audit trail in the same transaction. by: who changes it.
    """

    def __init__(self, database: Database, bounds: DictionaryBounds | None = None) -> None:
        self._database = database
        self.bounds = bounds or DictionaryBounds()

    async def versions(self, guild_id: int, user_id: int) -> dict[int, int]:
        """Return how often the guild's (0) and the member's entries were changed.

        Of which nothing was ever stored is left out.
        """
        rows = await self._database.read(
            "SELECT user_id, version FROM dictionary_versions "
            "WHERE guild_id = ? AND user_id IN (0, ?)",
            (guild_id, user_id),
        )
        return {row["user_id"]: row["version"] for row in rows}

    async def entries(self, owner: Owner) -> list[Entry]:
        """Return the entries of one, by what is written."""
        rows = await self._database.read(_ENTRIES, (owner.guild_id, owner.user_id))
        return [_entry(row) for row in rows]

    async def put(
        self,
        owner: Owner,
        entries: Sequence[Entry],
        created_by: int,
        bounds: DictionaryBounds | None = None,
    ) -> list[Put]:
        """Store what has room, in the place of what has the same key; say what became of each.

        All of it in one transaction. bounds: None for those of the store.
        """
        most = bounds or self.bounds

        async def work(execute: Execute) -> list[Put]:
            rows = await execute(_ENTRIES, (owner.guild_id, owner.user_id))
            stored = {entry.key: entry for entry in map(_entry, rows)}
            put = []
            for entry in entries:
                put.append(_room(owner, entry, stored, most))
                if put[-1].kept:
                    if (former := stored.get(entry.key)) is not None:
                        await _delete(execute, owner, former)
                    await _insert(execute, owner, entry, created_by)
                    stored[entry.key] = entry
            if any(became.kept for became in put):
                await _count_change(execute, owner)
                kept = [entry for entry, became in zip(entries, put, strict=True) if became.kept]
                await _tell(execute, owner, "set", kept, created_by)
            return put

        return await self._database.write(work)

    async def remove(
        self, owner: Owner, written: str, language: str | None = None, *, by: By = "operator"
    ) -> list[Entry]:
        """Remove what is for `written`, in any case, and return it; nothing where there is none.

        language: None removes it for all languages.
        """

        async def work(execute: Execute) -> list[Entry]:
            rows = await execute(_ENTRIES, (owner.guild_id, owner.user_id))
            found = [
                entry
                for entry in map(_entry, rows)
                if _fold(entry.written).strip() == _fold(written).strip()
                and language in (None, entry.language)
            ]
            for entry in found:
                await _delete(execute, owner, entry)
            if found:
                await _count_change(execute, owner)
                await _tell(execute, owner, "removed", found, by)
            return found

        return await self._database.write_urgently(work)

    async def clear(self, owner: Owner, *, by: By = "operator") -> int:
        """Remove all entries of one, and return how many there were."""

        async def work(execute: Execute) -> int:
            whose = (owner.guild_id, owner.user_id)
            entries = [_entry(row) for row in await execute(_ENTRIES, whose)]
            await execute(
                "DELETE FROM dictionary_entries WHERE guild_id = ? AND user_id = ?", whose
            )
            if entries:
                await _count_change(execute, owner)
                await _tell(execute, owner, "removed", entries, by)
            return len(entries)

        return await self._database.write_urgently(work)


_ENTRIES = (
    "SELECT kind, written, language, spoken FROM dictionary_entries "
    "WHERE guild_id = ? AND user_id = ? ORDER BY written, kind, language"
)


def _room(owner: Owner, entry: Entry, stored: dict[Key, Entry], bounds: DictionaryBounds) -> Put:
    if entry.key in stored:
        return Put.REPLACED
    if len(stored) >= bounds.entries_of(owner):
        return Put.FULL
    if entry.pattern and sum(e.pattern for e in stored.values()) >= bounds.patterns:
        return Put.TOO_MANY_PATTERNS
    return Put.ADDED


def _fold(written: str) -> str:
    return written.casefold()


def _entry(row: Row) -> Entry:
    return Entry(row["written"], row["spoken"], row["kind"] == "pattern", row["language"])


def _kind(entry: Entry) -> str:
    return "pattern" if entry.pattern else "word"


async def _delete(execute: Execute, owner: Owner, entry: Entry) -> None:
    await execute(
        "DELETE FROM dictionary_entries WHERE guild_id = ? AND user_id = ? AND kind = ? "
        "AND written = ? AND language = ?",
        (owner.guild_id, owner.user_id, _kind(entry), entry.written, entry.language),
    )


async def _insert(execute: Execute, owner: Owner, entry: Entry, created_by: int) -> None:
    await execute(
        "INSERT INTO dictionary_entries "
        "(guild_id, user_id, kind, written, language, spoken, created_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            owner.guild_id,
            owner.user_id,
            _kind(entry),
            entry.written,
            entry.language,
            entry.spoken,
            created_by,
        ),
    )


async def _tell(
    execute: Execute,
    owner: Owner,
    change: Literal["set", "removed"],
    entries: Sequence[Entry],
    by: By,
) -> None:
    """Tell the audit trail of a guild's own dictionary; a member's is their own matter."""
    if owner.user_id:
        return
    only = f"{entries[0].written}={entries[0].spoken}" if len(entries) == 1 else None
    event = DictionaryChanged(by=by, change=change, count=len(entries), entry=only)
    await audit.tell(execute, owner.guild_id, event)


async def _count_change(execute: Execute, owner: Owner) -> None:
    await execute(
        "INSERT INTO dictionary_versions VALUES (?, ?, ?) ON CONFLICT (guild_id, user_id) "
        "DO UPDATE SET version = dictionary_versions.version + 1",
        # A number that was never there before: what an owner had whose data was deleted may still
        # be remembered with its version.
        (owner.guild_id, owner.user_id, secrets.randbits(_VERSION_BITS)),
    )
