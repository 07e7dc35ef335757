"""A damaged row is marked and reported, never a traceback, and never hides the others."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.rows import profile_of
from storage.types import VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add, make_clip, names
from tests.storage.stored import StoredRows

DAMAGED: list[tuple[str, object]] = [
    ("created_at", "yesterday"),
    ("created_at", "2026-13-41T25:61:00+00:00"),
    ("created_at", "2026-01-01T00:00:00"),
    ("last_used_at", "\x00\x01"),
    ("consented_at", "9" * 100_000),
    ("quality", "{"),
    ("quality", "[1]"),
    ("quality", "[" * 60_000),
    ("quality", '{"a": NaN}'),
    ("quality", '{"a": "' + "x" * 100_000 + '"}'),
    ("seconds", -1.5),
    ("seconds", float("inf")),
    ("clip_sha256", "no hash"),
    ("clip_sha256", "../../etc/passwd"),
    ("language", "klingon!"),
    ("language", ""),
    ("owner_id", -7),
    ("name", ""),
    ("name", "A\nB" * 100_000),
    ("name_key", "bob"),
    ("exaggeration", 1e300),
    ("seed", -1),
    ("former_until", "soon"),
]
OF_ANOTHER_TYPE: list[tuple[str, object]] = [
    ("created_at", 7),
    ("quality", b"\xff\xfe"),
    ("seconds", "long"),
    ("clip_sha256", b"\x00" * 64),
    ("owner_id", "me"),
    ("use_count", "many"),
    ("pitch_hz", "high"),
    ("name", b"\xff\xff"),
]


def ids(damaged: list[tuple[str, object]]) -> list[str]:
    return [f"{column}-{str(value)[:12]!r}" for column, value in damaged]


@pytest.mark.parametrize(("column", "value"), DAMAGED, ids=ids(DAMAGED))
async def test_damaged_row_is_reported_and_hides_no_other(
    directory: Path, rows: StoredRows, column: str, value: object
) -> None:
    await damage_and_use(directory, rows, column, value)


@pytest.mark.parametrize(("column", "value"), OF_ANOTHER_TYPE, ids=ids(OF_ANOTHER_TYPE))
async def test_value_of_another_type_is_reported_and_hides_no_other(
    directory: Path, rows: StoredRows, column: str, value: object
) -> None:
    await damage_and_use(directory, rows, column, value)


async def damage_and_use(directory: Path, rows: StoredRows, column: str, value: object) -> None:
    async with VoiceStore.open(directory) as store:
        voice, other = await add(store, "Anna"), await add(store, "Zoe", seed=1)
    await rows.run(f"UPDATE voices SET {column} = ? WHERE id = ?", value, voice.id)
    async with VoiceStore.open(directory) as store:
        report = await store.check()
        assert [found.id for found in report.damaged] == [voice.id]
        text = report.damaged[0].damage
        assert text is not None
        assert "entry in the database is damaged" in text
        assert len(text) < 1000
        assert text.isprintable()
        assert other in await store.list_voices(GUILD)
        assert len(await store.list_voices(GUILD)) == 2
        await store.search(GUILD, "")
        assert (await store.find(GUILD, "zoe")).damage is None
        await store.mark_used(voice.id)
        await store.delete(voice.id)
        assert await store.list_voices(GUILD) == [await store.get(other.id)]


async def test_text_that_is_no_unicode_fails_no_query(store: VoiceStore, directory: Path) -> None:
    voice = await add(store, "Anna")
    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as connection, connection:
        connection.execute("UPDATE voices SET name = CAST(x'ff41' AS TEXT)")
    [listed] = await store.list_voices(GUILD)
    assert (listed.id, listed.damage is None) == (voice.id, False)


async def test_damaged_row_can_be_replaced(store: VoiceStore, rows: StoredRows) -> None:
    voice = await add(store, "Anna")
    await rows.run("UPDATE voices SET clip_sha256 = 'none', quality = '{'")
    replaced = await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    assert (replaced.damage, replaced.former_until) == (None, None)
    await store.load_clip(replaced)


async def test_row_that_points_to_the_clip_of_another_is_found(
    store: VoiceStore, rows: StoredRows
) -> None:
    voice = await add(store, "Anna")
    other = await store.replace(
        (await add(store, "Bob")).id, make_clip(1, seconds=0.3), pitch_hz=None, quality=None
    )
    await rows.run("UPDATE voices SET clip_sha256 = ? WHERE id = ?", other.clip_sha256, voice.id)
    [found] = (await store.check(verify=True)).damaged
    assert found.id == voice.id
    assert "may be the clip of another voice" in str(found.damage)


CELLS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()
COLUMNS = (*(field for field in VoiceProfile.__dataclass_fields__), "name_key")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries({name: CELLS for name in COLUMNS if name != "id"}))
def test_whatever_a_row_holds_becomes_a_profile(cells: dict[str, Any]) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        columns = ", ".join(f"? AS {name}" for name in cells)
        values = [v.encode(errors="replace").decode() if isinstance(v, str) else v
                  for v in cells.values()]  # fmt: skip
        [row] = connection.execute(f"SELECT 1 AS id, {columns}", values)
    profile = profile_of(row)
    assert profile.damage is not None
    assert len(profile.damage) <= 1000
    assert names([profile]) != [""]
