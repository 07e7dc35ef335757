"""Rows that were read, written into a new database as far as its promises let them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from storage.audit_rows import NO_HASH
from storage.rescue.cells import Value
from storage.rescue.shapes import Shape

_MADE_ANEW = frozenset({"voice_words"})
"""Tables that follow from others."""

_FORMER = (
    "former_sha256", "former_seconds", "former_pitch_hz", "former_quality", "former_consented_by",
    "former_consented_at", "former_until", "former_level",
)  # fmt: skip

_HARMLESS = (
    ("quality",), ("pitch_hz",), ("language",), ("last_used_at",), ("use_count",), ("damage",),
    ("exaggeration",), ("cfg_weight",), ("temperature",), ("seed",), ("takes",), ("speed",),
    ("volume_db",), _FORMER,
)  # fmt: skip
"""Columns of a voice without which it speaks all the same, and nobody may do more than before."""

_WORDS = """
INSERT OR IGNORE INTO voice_words
SELECT voices.guild_id, json_each.value, voices.id
FROM voices JOIN json_each(word_tails(voices.name_key))
"""
_CHAINS = """
INSERT INTO audit_chains (guild_id, first, before, last, hash)
SELECT guild_id, min(number), ?, max(number),
    (SELECT hash FROM audit AS newest WHERE newest.guild_id = audit.guild_id
     ORDER BY number DESC LIMIT 1)
FROM audit WHERE guild_id NOT IN (SELECT guild_id FROM audit_chains) GROUP BY guild_id
"""
_SHORT_CHAINS = """
UPDATE audit_chains SET (last, hash) = (
    SELECT number, hash FROM audit WHERE audit.guild_id = audit_chains.guild_id
    ORDER BY number DESC LIMIT 1)
WHERE last < (SELECT max(number) FROM audit WHERE audit.guild_id = audit_chains.guild_id)
"""
_NUMBERS = """
SELECT max(id) FROM voices UNION ALL SELECT max(voice_id) FROM audit
"""


@dataclass(slots=True)
class Written:
    """How many rows went into each table; were mended; broke a promise; belong to what is gone."""

    rows: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    orphaned: Counter[str] = field(default_factory=Counter)


class Writer:
    """Fills a database that has a schema and nothing else that counts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.written = Written()

    def write(
        self, found: Iterable[tuple[Shape, dict[str, Value]]], sequences: Iterable[tuple[str, int]]
    ) -> Written:
        """Write all in one transaction. Raises sqlite3.Error for what is not about a row."""
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = OFF")
        execute("BEGIN")
        with self._without_triggers():
            self._empty()
            for shape, values in found:
                if shape.name not in _MADE_ANEW:
                    self._insert(shape.name, values)
            self._finish(dict(sequences))
        execute("COMMIT")
        return self.written

    def _insert(self, table: str, values: dict[str, Value]) -> None:
        try:
            self._try(table, values)
        except (sqlite3.IntegrityError, OverflowError):
            if table == "voices" and self._mended(values):
                self.written.mended[table] += 1
            else:
                self.written.refused[table] += 1
                return
        self.written.rows[table] += 1

    def _mended(self, values: dict[str, Value]) -> bool:
        everything = tuple(column for columns in _HARMLESS for column in columns)
        for columns in (*_HARMLESS, everything):
            with contextlib.suppress(sqlite3.IntegrityError, OverflowError):
                self._try("voices", {k: v for k, v in values.items() if k not in columns})
                return True
        return False

    def _try(self, table: str, values: dict[str, Value]) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names of the schema
            tuple(values.values()),
        )

    def _tables(self) -> list[str]:
        rows = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return [row[0] for row in rows]

    def _empty(self) -> None:
        for table in self._tables():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    @contextlib.contextmanager
    def _without_triggers(self) -> Iterator[None]:
        triggers = self._connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            self._connection.execute(f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            self._connection.execute(sql)

    def _finish(self, sequences: dict[str, int]) -> None:
        """Make what follows from the rows, and what other rows or the program count on."""
        tables = set(self._tables())
        self._remove_orphans(tables)
        if "voice_words" in tables:
            self._connection.execute(_WORDS)
        if "audit_chains" in tables:
            # What is missing shows all the same when the trail is verified; but a trail whose end
            # is not known could not be written on.
            self._connection.execute(_CHAINS, (NO_HASH,))
            self._connection.execute(_SHORT_CHAINS)
        if "erasures" in tables:
            self._connection.execute("INSERT OR IGNORE INTO erasures VALUES (1, 0, 0)")
        self._number_on(tables, sequences)

    def _remove_orphans(self, tables: set[str]) -> None:
        for table in sorted(tables):
            for _, _, parent, child, to, *_ in self._connection.execute(
                "SELECT * FROM pragma_foreign_key_list(?)", (table,)
            ).fetchall():
                removed = self._connection.execute(
                    f"DELETE FROM {table} WHERE {child} NOT IN (SELECT {to} FROM {parent})"  # noqa: S608
                ).rowcount
                if removed:
                    self.written.orphaned[table] += removed
                    self.written.rows[table] -= removed

    def _number_on(self, tables: set[str], sequences: dict[str, int]) -> None:
        """No number of a voice is given again, also not one whose row was lost."""
        used = _NUMBERS if "audit" in tables else "SELECT max(id) FROM voices"
        numbers = [row[0] or 0 for row in self._connection.execute(used)]
        sequences = {**sequences, "voices": max(*numbers, sequences.get("voices", 0), 0)}
        for table, number in sequences.items():
            if table in tables and 0 <= number < 2**62:
                self._connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                self._connection.execute(
                    "INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number)
                )
