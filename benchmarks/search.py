"""Search for autocomplete: 1,000 against 100,000 voices of one guild, in the same run.

Every third name has a second word, and a third of what is typed is the beginning of one.

Beside it, in the same run, the query one would write first: LIKE over the guild's and the
operator's names, sorted.

Among 1,000 voices fewer begin with three or four given letters, so the typical search returns less
than a page of 25 ("rows" is the mean). The slowest hundredth are full pages in both, so it is their
growth that is fair.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sized
from pathlib import Path
from typing import Any

from storage.layout import DATABASE_NAME
from storage.names import name_key, word_tails
from storage.sqlite_database import SqliteDatabase
from storage.voices import VoiceStore

GUILD_ID = 1
SIZES = (1_000, 100_000)
SEARCHES = 2_000
# LIKE is slow; fewer show as much.
LIKE_SEARCHES = 50
WARM_UP = 10
LIMIT = 25
P99_LIMIT_MS = 5.0
GROWTH_LIMIT = 2.0

_LIKE = (
    "SELECT * FROM voices WHERE guild_id IN (?, 0) AND name LIKE ? || '%'"
    " ORDER BY guild_id = 0, name_key LIMIT ?"
)
_SYLLABLES = [c + v for c in "bcdfghklmnprstvw" for v in ("a", "e", "i", "o", "u", "an", "é")]

Search = Callable[[str], Awaitable[Sized]]


async def run() -> dict[str, Any]:
    """Measure; times in milliseconds."""
    chance = random.Random(20240)
    names = voice_names(chance, max(SIZES))
    prefixes = [beginning(chance, name) for name in chance.choices(names, k=SEARCHES)]
    with tempfile.TemporaryDirectory() as directory:
        folders = {size: Path(directory) / str(size) for size in SIZES}
        for size, folder in folders.items():
            await fill(folder, names[:size])
        async with contextlib.AsyncExitStack() as stack:
            index, like = {}, {}
            for size, folder in folders.items():
                store = await stack.enter_async_context(VoiceStore.open(folder))
                database = await stack.enter_async_context(
                    SqliteDatabase.open(folder / DATABASE_NAME)
                )
                index[size], like[size] = by_index(store), by_like(database)
            measured = await measure(index, prefixes)
            alternative = await measure(like, prefixes[:LIKE_SEARCHES])
    return {
        "voices": {
            str(size): {"index": measured[size], "like": alternative[size]} for size in SIZES
        },
        "goals": goals(measured),
    }


def lines(result: dict[str, Any]) -> list[str]:
    """The result as a table."""
    rows = ["   voices  query   p50 ms   p99 ms   max ms     rows"]
    for size, queries in result["voices"].items():
        for query, times in queries.items():
            figures = "".join(f"{times[name]:9.2f}" for name in ("p50", "p99", "max", "rows"))
            rows.append(f"{int(size):9,}  {query:5}{figures}")
    return rows


def goals(measured: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    """What issue and README promise."""
    small, large = (measured[size] for size in SIZES)
    growth = round(large["p99"] / small["p99"], 2)
    return [
        {
            "name": f"prefix search p99 with {SIZES[-1]:,} voices, ms",
            "measured": large["p99"],
            "limit": P99_LIMIT_MS,
            "met": large["p99"] < P99_LIMIT_MS,
        },
        {
            "name": f"growth of p99 from {SIZES[0]:,} voices, times",
            "measured": growth,
            "limit": GROWTH_LIMIT,
            "met": growth < GROWTH_LIMIT,
        },
    ]


def voice_names(chance: random.Random, count: int) -> list[str]:
    """Different names of two to five syllables, every third with a second word."""
    names: dict[str, str] = {}
    while len(names) < count:
        name = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5))).title()
        if len(names) % 3 == 0:
            name += " " + "".join(chance.choices(_SYLLABLES, k=2)).title()
        names.setdefault(name_key(name), name)
    return list(names.values())


def beginning(chance: random.Random, name: str) -> str:
    """What somebody types who looks for a name: up to four letters of its last word."""
    return name.split()[-1][: chance.randint(0, 4)]


async def fill(directory: Path, names: list[str]) -> None:
    """Insert rows into the real schema, one in a hundred as the operator's."""
    async with VoiceStore.open(directory):
        pass
    rows: Iterator[tuple[object, ...]] = (
        (0 if number % 100 == 0 else GUILD_ID, name, name_key(name), f"{number:064x}")
        for number, name in enumerate(names)
    )
    with contextlib.closing(sqlite3.connect(directory / DATABASE_NAME)) as connection, connection:
        connection.executemany(
            "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at)"
            " VALUES (?, ?, ?, ?, 12.5, '2026-01-01T00:00:00+00:00')",
            rows,
        )
        connection.create_function("word_tails", 1, lambda key: json.dumps(word_tails(key)))
        connection.execute(
            "INSERT OR IGNORE INTO voice_words SELECT voices.guild_id, value, voices.id"
            " FROM voices JOIN json_each(word_tails(name_key))"
        )


def by_index(store: VoiceStore) -> Search:
    """The store's search."""
    return lambda prefix: store.search(GUILD_ID, prefix, LIMIT)


def by_like(database: SqliteDatabase) -> Search:
    """The alternative."""
    return lambda prefix: database.read(_LIKE, (GUILD_ID, prefix, LIMIT))


async def measure(searches: dict[int, Search], prefixes: list[str]) -> dict[int, dict[str, float]]:
    """Time every prefix on every size, in turn, so that a busy moment meets both alike."""
    times: dict[int, list[float]] = {size: [] for size in searches}
    rows = dict.fromkeys(searches, 0)
    for prefix in prefixes[:WARM_UP]:
        for search in searches.values():
            await search(prefix)
    for prefix in prefixes:
        for size, search in searches.items():
            start = time.perf_counter()
            found = await search(prefix)
            times[size].append((time.perf_counter() - start) * 1000)
            rows[size] += len(found)
    return {
        size: summary(taken) | {"rows": round(rows[size] / len(prefixes), 1)}
        for size, taken in times.items()
    }


def summary(milliseconds: list[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum."""
    percentiles = statistics.quantiles(milliseconds, n=100, method="inclusive")
    figures = {"p50": percentiles[49], "p99": percentiles[98], "max": max(milliseconds)}
    return {name: round(value, 3) for name, value in figures.items()}
