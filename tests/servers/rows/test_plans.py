"""Rows are found by indexes, whatever the statistics say of a small table."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from storage import lookup
from storage.postgres import dialect
from storage.postgres.database import PostgresDatabase
from storage.settings import _OWN_VOICES

GUILD = 5

SEARCHES: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "names": (lookup.SEARCH_NAMES, (GUILD, "a", 25, 0), "voices_by_name"),
    "words": (lookup.SEARCH_WORDS, (GUILD, "a", 25, 200), "voice_words_pkey"),
    "own": (lookup.SEARCH_OWN, (GUILD, "a", 25, 7), "voices_by_owner"),
    "choosing": (_OWN_VOICES, (GUILD, 7, 5), "voices_by_owner"),
}


@pytest.mark.parametrize("search", SEARCHES)
async def test_searches_walk_indexes_only(postgres_url: str, search: str) -> None:
    sql, parameters, index = SEARCHES[search]
    statement, values = dialect.translated(sql, parameters)
    async with PostgresDatabase.open(postgres_url):
        pass
    connection = await asyncpg.connect(postgres_url)
    # Of an empty table all is read at once, if that is possible at all.
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    rows = await connection.fetch(f"EXPLAIN {statement}", *values)
    await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert index in plan
    assert "Index Cond" in plan
    assert "Seq Scan on voice" not in plan
