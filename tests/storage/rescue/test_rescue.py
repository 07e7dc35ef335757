"""What a damaged database still holds comes into a new one: all of it, and nothing else."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.names import name_key
from storage.rescue.cells import TABLE_LEAF, children, kind_of, rows
from storage.rescue.pages import Pages
from storage.rescue.rescuing import Rescued, rescue
from storage.schema import apply_migrations, load_migrations
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add

PAGE = 4096
VOICES = 200
MADE_ANEW = {"voice_words", "erasures"}


def filled(path: Path, voices: int = VOICES) -> None:
    """Add rows to every kind of table, of a database that has its schema."""
    quality = '{"verdict": "good", "findings": ["' + "x" * 500 + '"]}'
    with closing(sqlite3.connect(path)) as database:
        for number in range(1, voices + 1):
            name = f"Voice {number}"
            database.execute(
                "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at,"
                " quality, owner_id) VALUES (?, ?, ?, ?, 3, '2026-01-01T00:00:00+00:00', ?, ?)",
                (GUILD, name, name_key(name), f"{number:064x}", quality, number),
            )
            database.execute("INSERT INTO voice_members VALUES (?, ?)", (number, number + 7))
            database.execute(
                "INSERT INTO member_settings VALUES (?, ?, 'speed', '1.5')", (GUILD, number)
            )
            database.execute(
                "INSERT INTO consents VALUES (?, ?, ?, '2026-01-01T00:00:00+00:00', NULL, ?)",
                (number, f"{number:064x}", number, b"{}" + b" " * 9000 * (number % 50 == 0)),
            )
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its schema and rows, of one file."""
    path = tmp_path_factory.mktemp("whole") / "mynah.db"
    with closing(sqlite3.connect(path)) as database:
        apply_migrations(database, len(load_migrations()))
        database.commit()
    filled(path)
    return path


def contents(path: Path) -> dict[str, set[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as database:
        tables = [
            row[0]
            for row in database.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]
        tables = [table for table in tables if table not in MADE_ANEW]
        found = {table: set(database.execute(f"SELECT * FROM {table}")) for table in tables}
        # A long record reaches over pages of its own, in which nothing shows what was destroyed.
        found["consents"] = {row[:-1] for row in found["consents"]}
        return found


def rescued(path: Path, folder: Path) -> tuple[Rescued, dict[str, set[tuple[object, ...]]]]:
    new = folder / "new.db"
    new.unlink(missing_ok=True)
    report = rescue(path, new)
    return report, contents(new)


def destroyed(path: Path, folder: Path, pages: set[int], content: bytes = b"\xa5" * PAGE) -> Path:
    copy = folder / "damaged.db"
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(content)
    return copy


def test_a_whole_database_comes_over_whole(whole: Path, tmp_path: Path) -> None:
    report, found = rescued(whole, tmp_path)
    assert found == contents(whole)
    assert (report.lost, report.dropped) == (0, {})
    assert report.rows["voices"] == VOICES


def test_rows_in_the_log_count(tmp_path: Path) -> None:
    path = tmp_path / "mynah.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        apply_migrations(database, len(load_migrations()))
        database.commit()
        database.execute("INSERT INTO voice_blocks VALUES (1, 2, 3)")
        database.commit()
        _, found = rescued(path, tmp_path)
    assert found["voice_blocks"] == {(1, 2, 3)}


def test_what_was_not_committed_does_not_count(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "mynah.db"
    shutil.copyfile(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        database.execute("UPDATE voices SET use_count = 5")  # more than the cache: it spills
        assert (tmp_path / "mynah.db-wal").stat().st_size > 0
        _, found = rescued(path, tmp_path)
    assert found == contents(whole)


def voices_by_leaf(path: Path) -> dict[int, set[int]]:
    """The numbers of the voices in each leaf of their table."""
    with path.open("rb") as file, closing(sqlite3.connect(path)) as database:
        pages = Pages(file, None)
        [root] = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'voices'"
        ).fetchone()
        leaves, waiting = {}, [root]
        while waiting:
            number = waiting.pop()
            page = pages.page(number)
            if kind_of(number, page) == TABLE_LEAF:
                leaves[number] = {r.rowid for r in rows(pages, number, page) if r and r.rowid}
            else:
                waiting += children(number, page)
    return leaves


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink pages takes minutes
)
@given(data=st.data())
def test_every_voice_whose_page_is_whole_is_rescued_and_nothing_is_made_up(
    data: st.DataObject, whole: Path, tmp_path: Path
) -> None:
    count = whole.stat().st_size // PAGE
    pages = data.draw(st.sets(st.integers(1, count), max_size=count // 2))
    content = data.draw(st.sampled_from([b"\0" * PAGE, b"\xa5" * PAGE, b"\x0d" + b"\xff" * 4095]))
    report, found = rescued(destroyed(whole, tmp_path, pages, content), tmp_path)
    original = contents(whole)
    assert all(found[table] <= original[table] for table in found)
    leaves = voices_by_leaf(whole)
    safe = {number for page, numbers in leaves.items() if page not in pages for number in numbers}
    assert {row[0] for row in found["voices"]} == safe
    assert report.rows["voices"] == len(safe)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink pages takes minutes
)
@given(st.binary(max_size=9_000), st.booleans())
def test_any_bytes_give_a_database_that_works(content: bytes, headed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mynah.db"
        path.write_bytes(b"SQLite format 3\0\x10\0" * headed + content)
        report, found = rescued(path, Path(folder))
        assert report.total - report.rows["erasures"] == sum(map(len, found.values()))


@pytest.mark.parametrize("cut", [0, 100, PAGE, 5 * PAGE + 17, 20 * PAGE])
def test_a_truncated_database_gives_what_is_left(whole: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.db"
    path.write_bytes(whole.read_bytes()[:cut])
    _, found = rescued(path, tmp_path)
    original = contents(whole)
    assert all(found[table] <= original[table] for table in found)


async def test_the_store_opens_what_was_rescued_and_goes_on(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    voice = await add(store, "Anna")
    await store.rename(voice.id, "Anna Maria")
    await store.database.scrub()
    await store.delete((await add(store, "Ben", seed=1)).id)
    copy = tmp_path / "copy"
    shutil.copytree(directory / "clips", copy / "clips")
    rescue(directory / "mynah.db", copy / "mynah.db")
    async with VoiceStore.open(copy) as again:
        assert (await again.find(GUILD, "Anna Maria")).id == voice.id
        assert [v.name for v in await again.search(GUILD, "mar")] == ["Anna Maria"]
        assert (await add(again, "Cleo", seed=2)).id > voice.id + 1


def test_a_voice_with_a_broken_detail_speaks_on(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "mynah.db"
    shutil.copyfile(whole, path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("UPDATE voices SET quality = '{' WHERE id = 5")
        database.execute("UPDATE voices SET reach = 'world' WHERE id = 6")
        database.commit()
    report, found = rescued(path, tmp_path)
    ids = {row[0] for row in found["voices"]}
    assert 5 in ids
    assert 6 not in ids  # who may speak as it is not to be guessed
    assert report.mended["voices"] == 1
    assert report.dropped["voices"] == 1
