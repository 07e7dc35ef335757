"""The dictionaries as the program uses them: ready to be looked up in, changed and exchanged."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.dictionary.entries import checked, word_form
from bot.dictionary.exchange import ReadEntry, read_file, write_file
from bot.dictionary.matcher import Matcher
from bot.dictionary.table import Table
from bot.errors import UserError
from bot.i18n import _, ngettext
from storage.audit_rows import By
from storage.dictionary import DictionaryBounds, DictionaryStore, Entry, Owner, Put

BoundsOf = Callable[[int], Awaitable[DictionaryBounds]]
"""Tells how many entries the dictionaries of a guild may have now. Raises StorageError."""

MAX_KEPT_ENTRIES = 50_000
"""Of all the dictionaries that are kept ready, in words: 50 MB at the most."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's entries; refused ones carry their reasons."""

    added: list[ReadEntry] = field(default_factory=list)
    replaced: list[ReadEntry] = field(default_factory=list)
    refused: list[ReadEntry] = field(default_factory=list)


class DictionaryService:
    """The one place that dictionaries are read from and changed."""

    def __init__(self, store: DictionaryStore, bounds_of: BoundsOf | None = None) -> None:
        """bounds_of: None for the store's own bounds, everywhere."""
        self._store, self._bounds_of = store, bounds_of
        self._tables: OrderedDict[Owner, tuple[int, Table]] = OrderedDict()
        self._kept = 0
        self._trying = asyncio.Lock()  # one hostile pattern or file at a time takes a thread

    async def of(self, guild_id: int, user_id: int = 0) -> Matcher | None:
        """Return what the texts of a member are spoken with, None where nothing is stored.

        Theirs comes before the guild's. user_id: 0 takes only the guild's. It is as stored now,
        whichever process changed it.

        Raises StorageError.
        """
        versions = await self._store.versions(guild_id, user_id)
        tables = [
            await self._table(Owner(guild_id, whose), versions[whose])
            for whose in sorted(versions, reverse=True)
        ]
        found = [table for table in tables if table.size]
        return Matcher(found) if found else None

    async def with_entry(self, owner: Owner, entry: Entry) -> Matcher:
        """Return what the owner's texts would be spoken with if that entry came before all.

        Raises UserError for what cannot be an entry, StorageError.
        """
        entry = await self._checked(entry)
        matcher = await self.of(owner.guild_id, owner.user_id)
        return Matcher((Table([entry]), *(matcher.tables if matcher else ())))

    async def add(self, owner: Owner, entry: Entry, created_by: int) -> tuple[Entry, bool]:
        """Store an entry; return it as stored, and whether it took the place of another.

        Raises UserError for what cannot be an entry and where there is no room, StorageError.
        """
        entry = await self._checked(entry)
        bounds = await self._bounds(owner)
        [put] = await self._store.put(owner, [entry], created_by, bounds)
        if reason := _refusal(owner, put, bounds):
            raise UserError(reason)
        return entry, put is Put.REPLACED

    async def remove(
        self, owner: Owner, written: str, language: str | None = None, *, by: By = "operator"
    ) -> list[Entry]:
        """Remove what is for `written`; see `DictionaryStore.remove`. by: who does.

        Raises UserError where there is none, StorageError.
        """
        removed = await self._store.remove(owner, written, language, by=by)
        if not removed:  # it may have been typed in another way
            with contextlib.suppress(UserError):
                removed = await self._store.remove(owner, word_form(written), language, by=by)
        if not removed:
            raise UserError(_("There is no such entry. The list shows those that there are."))
        return removed

    async def clear(self, owner: Owner, *, by: By = "operator") -> int:
        """Remove all entries of one, and return how many there were. by: who does.

        Raises StorageError.
        """
        return await self._store.clear(owner, by=by)

    async def entries(self, owner: Owner) -> list[Entry]:
        """Return the entries of one, by what is written. Raises StorageError."""
        return await self._store.entries(owner)

    async def import_file(self, owner: Owner, data: bytes, created_by: int) -> ImportReport:
        """Store the entries of a file, those that are right and have room, all at once.

        One file after another is read, in a thread. Raises UserError for what is no dictionary,
        StorageError.
        """
        bounds = await self._bounds(owner)
        async with self._trying:
            read = await asyncio.to_thread(read_file, data, bounds.entries_of(owner))
        report = ImportReport(refused=[line for line in read if line.entry is None])
        good = [(line, line.entry) for line in read if line.entry is not None]
        put = await self._store.put(owner, [entry for _line, entry in good], created_by, bounds)
        for (line, _entry), became in zip(good, put, strict=True):
            if reason := _refusal(owner, became, bounds):
                report.refused.append(ReadEntry(line.number, line.written, None, reason))
            else:
                (report.replaced if became is Put.REPLACED else report.added).append(line)
        report.refused.sort(key=lambda line: line.number)
        return report

    async def export_file(self, owner: Owner) -> bytes | None:
        """Return the entries of one as a file that `import_file` takes, None where there are none.

        Raises StorageError.
        """
        entries = await self.entries(owner)
        return await asyncio.to_thread(write_file, entries) if entries else None

    async def _checked(self, entry: Entry) -> Entry:
        async with self._trying if entry.pattern else contextlib.nullcontext():
            return await asyncio.to_thread(checked, entry)

    async def _bounds(self, owner: Owner) -> DictionaryBounds:
        if self._bounds_of is None:
            return self._store.bounds
        return await self._bounds_of(owner.guild_id)

    async def _table(self, owner: Owner, version: int) -> Table:
        known = self._tables.get(owner)
        if known is not None and known[0] == version:
            self._tables.move_to_end(owner)
            return known[1]
        # Entries that are newer than the version are read once more the next time.
        table = await asyncio.to_thread(Table, await self._store.entries(owner))
        self._forget(owner)
        self._tables[owner] = (version, table)
        self._kept += table.size + 1
        while self._kept > MAX_KEPT_ENTRIES and len(self._tables) > 1:
            self._forget(next(iter(self._tables)))
        return table

    def forget(self, covers: Callable[[int, int], bool]) -> None:
        """Drop tables that are kept ready. covers: whether those of a guild's member are meant."""
        for owner in [each for each in self._tables if covers(each.guild_id, each.user_id)]:
            self._forget(owner)

    def _forget(self, owner: Owner) -> None:
        if (known := self._tables.pop(owner, None)) is not None:
            self._kept -= known[1].size + 1


def _refusal(owner: Owner, put: Put, bounds: DictionaryBounds) -> str:
    if put is Put.FULL:
        most = bounds.entries_of(owner)
        return ngettext(
            "The dictionary is full: it has {limit:,} entry. Remove one first.",
            "The dictionary is full: it has {limit:,} entries. Remove one first.",
            most,
        ).format(limit=most)
    if put is Put.TOO_MANY_PATTERNS:
        return _("There are {limit} patterns already. Remove one first.").format(
            limit=bounds.patterns
        )
    return ""
