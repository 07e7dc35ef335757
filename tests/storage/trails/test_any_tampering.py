"""Any tampering with any trail is found."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.audit import AuditStore
from storage.sqlite_database import SqliteDatabase
from tests.storage.trails.tampering import (
    COPY,
    EVENTS,
    GUILD,
    Tamper,
    faults,
    fill,
    sql,
    tamper,
)


async def changed(path: Path, rows: int, steps: list[tuple[str, int]]) -> None:
    """Fill a trail with rows, and do what the program may do to it."""
    await fill(path, rows)
    async with SqliteDatabase.open(path) as database:
        store = AuditStore(database)
        for step, number in steps:
            if step == "forget":
                await store.forget_member(GUILD, number)
            elif step == "prune":
                await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), limit=number)
            else:
                await store.append(GUILD, [EVENTS[number % len(EVENTS)].row()])


STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "forget", "prune"]), st.integers(1, 5)), max_size=6
)
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EXAMPLES
@given(rows=st.integers(1, 12), steps=STEPS, data=st.data())
async def test_any_tampering_with_any_trail_is_found(
    tmp_path: Path, empty: Path, rows: int, steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    path = Path(tempfile.mkdtemp(dir=tmp_path)) / "mynah.db"
    shutil.copy(empty, path)
    await changed(path, rows, [*steps, ("append", 1), ("append", 2), ("append", 3)])
    assert await faults(path) == []
    async with SqliteDatabase.open(path) as database:
        numbers = [row[0] for row in await database.read("SELECT number FROM audit ORDER BY 1")]
    await tamper(path, data.draw(_tamperings(numbers), label="tampering"))
    assert await faults(path)


def _tamperings(numbers: list[int]) -> st.SearchStrategy[Tamper]:
    number = st.sampled_from(numbers)
    pair = st.lists(number, min_size=2, max_size=2, unique=True)
    column = st.sampled_from(["kind", "actor", "subject", "data", "hash"])
    return st.one_of(
        st.sets(number, min_size=1).map(_removal),
        st.tuples(column, number).map(lambda at: _change(*at)),
        pair.map(lambda both: _exchange(*both)),
        number.map(lambda n: sql(COPY.format(numbers[-1] + 1, n))),
    )


def _removal(numbers: set[int]) -> Tamper:
    return sql(f"DELETE FROM audit WHERE number IN ({', '.join(map(str, numbers))})")


def _change(column: str, number: int) -> Tamper:
    value = {"data": "'{\"x\":1}'", "hash": f"'{'e' * 64}'"}.get(column, "'other'")
    return sql(f"UPDATE audit SET {column} = {value} WHERE number = {number}")


def _exchange(one: int, other: int) -> Tamper:
    return sql(
        f"UPDATE audit SET number = 999999 WHERE number = {one}",
        f"UPDATE audit SET number = {one} WHERE number = {other}",
        f"UPDATE audit SET number = {other} WHERE number = 999999",
    )
