"""All that is stored, copied to another place and compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage import audit_check
from storage.clip_directory import DirectoryClips
from storage.dictionary import DictionaryStore, Entry, Owner
from storage.errors import DataPresentError, StorageError
from storage.layout import CLIPS_NAME
from storage.moving import Place, Progress, move
from storage.opening import open_database
from storage.private import make_private_directory
from storage.sealing import NO_KEYS
from storage.types import NewConsent
from storage.upkeep import announce
from storage.voices import VoiceStore
from tests.storage import stored
from tests.storage.conftest import GUILD, OTHER_GUILD, add, clip_files, make_clip, names
from tests.storage.conftest import set_guild_default as choose


def silent(_progress: Progress) -> None:
    pass


async def fill(store: VoiceStore) -> None:
    """Store something of most kinds."""
    ann = await add(store, "Ann")
    await add(store, "Bea", OTHER_GUILD, seed=1)
    given = NewConsent(7, datetime.now(UTC), {"words": "red door"}, make_clip(5))
    await store.replace(ann.id, make_clip(2), pitch_hz=None, quality={"a": 0.1}, consent=given)
    await store.delete((await add(store, "Gone", seed=3)).id)
    await choose(store, GUILD, ann.id)


@asynccontextmanager
async def place(directory: Path) -> AsyncIterator[Place]:
    make_private_directory(directory / CLIPS_NAME)
    async with open_database(directory) as database, stored.open_clips(directory) as clips:
        yield Place(database, clips)


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    async with VoiceStore.open(tmp_path / "from") as store:
        await fill(store)
    return tmp_path / "from"


async def copied(source: Path, target: Path, **options: Any) -> Any:
    async with place(source) as one, place(target) as other:
        return await move(one, other, NO_KEYS, silent, **options)


async def test_everything_arrives(source: Path, tmp_path: Path) -> None:
    moved = await copied(source, tmp_path / "to")
    assert (moved.voices, moved.recordings, moved.trails) == (2, 4, 2)
    assert clip_files(tmp_path / "to") == clip_files(source)
    async with VoiceStore.open(tmp_path / "to") as store:
        report = await store.check(verify=True)
        assert (report.damaged, report.moved, report.swept, report.lost) == ((), (), (), ())
        assert names(await store.list_voices(GUILD)) == ["Ann"]
        assert names(await store.search(OTHER_GUILD, "be")) == ["Bea"]
        assert await audit_check.verify(store.database, GUILD) == []
        restored = await store.restore((await store.find(GUILD, "Ann")).id)
        assert restored.clip_sha256 == make_clip(0).sha256
        again = await add(store, "Cleo", seed=8)
        assert again.id > restored.id


@pytest.mark.parametrize("page", [1, 2])
async def test_rows_of_many_pages_arrive(
    source: Path, tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await copied(source, tmp_path / "at once")
    monkeypatch.setattr("storage.moved_rows._PAGE", page)
    assert await copied(source, tmp_path / "by pages") == whole


async def test_how_far_it_is_is_told_step_by_step_to_the_end(source: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    async with place(source) as one, place(tmp_path / "to") as other:
        moved = await move(one, other, NO_KEYS, told.append)
    steps = {progress.step: progress for progress in told}
    assert list(steps) == ["recordings", "rows", "comparison"]
    assert steps["recordings"] == Progress("recordings", 4, 4, moved.bytes)
    assert steps["rows"] == Progress("rows", moved.rows, moved.rows)
    assert steps["comparison"] == Progress("comparison", 2 * moved.rows, 2 * moved.rows)
    for step in steps:
        dones = [progress.done for progress in told if progress.step == step]
        assert dones == sorted(dones)


async def test_a_place_that_has_data_is_refused_and_kept(source: Path, tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path / "to") as store:
        await add(store, "Zoe", seed=9)
    with pytest.raises(DataPresentError, match="--force"):
        await copied(source, tmp_path / "to")
    async with VoiceStore.open(tmp_path / "to") as store:
        assert names(await store.list_voices(GUILD)) == ["Zoe"]


async def test_it_is_replaced_where_that_is_wanted(source: Path, tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path / "to") as store:
        await add(store, "Zoe", seed=9)
    await copied(source, tmp_path / "to", replace=True)
    async with VoiceStore.open(tmp_path / "to") as store:
        assert names(await store.list_voices(GUILD)) == ["Ann"]
    assert clip_files(tmp_path / "to") == clip_files(source)


async def test_a_move_that_was_ended_goes_on(source: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    async with place(source) as one, place(tmp_path / "to") as other:
        with pytest.raises(KeyboardInterrupt):
            await move(one, other, NO_KEYS, stop)
        assert await other.database.read("SELECT * FROM voices") == []
    assert clip_files(tmp_path / "to") == clip_files(source)
    assert (await copied(source, tmp_path / "to")).voices == 2


async def test_a_recording_that_cannot_be_read_is_told_and_no_row_is_written(
    source: Path, tmp_path: Path
) -> None:
    (source / "clips" / ("f" * 64 + ".pickle.gz")).mkdir()
    with pytest.raises(StorageError, match="cannot be read"):
        await copied(source, tmp_path / "to")
    async with place(tmp_path / "to") as other:
        assert await other.database.read("SELECT * FROM voices") == []


async def test_a_recording_that_no_voice_has_arrives_where_there_is_none_yet(
    source: Path, tmp_path: Path
) -> None:
    key = f"lost/{'e' * 64}.1.pickle.gz"
    stored.clips_of(source).write(key, b"a recording")
    moved = await copied(source, tmp_path / "to")
    assert moved.recordings == 5
    assert stored.clips_of(tmp_path / "to").read(key) == b"a recording"


async def test_lost_is_made_for_this_user_alone(source: Path, tmp_path: Path) -> None:
    stored.clips_of(source).write(f"lost/{'e' * 64}.1.pickle.gz", b"a recording")
    await copied(source, tmp_path / "to")
    assert (tmp_path / "to" / "lost").stat().st_mode & 0o777 == 0o700


async def test_a_folder_that_cannot_be_looked_at_does_not_count_as_empty(
    source: Path, tmp_path: Path
) -> None:
    (source / "lost").write_text("not a folder")
    with pytest.raises(StorageError, match="lost cannot be read"):
        await copied(source, tmp_path / "to")


async def test_the_source_is_as_it_was(source: Path, tmp_path: Path) -> None:
    async with place(source) as one:
        before = await one.database.read("SELECT * FROM voices ORDER BY id")
    await copied(source, tmp_path / "to")
    async with place(source) as one:
        after = await one.database.read("SELECT * FROM voices ORDER BY id")
    assert [tuple(row) for row in after] == [tuple(row) for row in before]


async def test_an_id_that_was_given_once_is_given_to_no_other(source: Path, tmp_path: Path) -> None:
    async with VoiceStore.open(source) as store:
        gone = await add(store, "Last", seed=4)
        await store.delete(gone.id)
    await copied(source, tmp_path / "to")
    await copied(tmp_path / "to", tmp_path / "further")
    async with VoiceStore.open(tmp_path / "further") as store:
        assert (await add(store, "New", seed=5)).id > gone.id


async def test_an_entry_of_a_dictionary_alone_is_data_too(source: Path, tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path / "to") as store:
        entry = Entry("brb", "be right back")
        await DictionaryStore(store.database).put(Owner(GUILD, 7), [entry], 7)
    with pytest.raises(DataPresentError, match="--force"):
        await copied(source, tmp_path / "to")


async def test_what_is_to_be_replaced_is_whole_until_the_rows_are(
    source: Path, tmp_path: Path
) -> None:
    async with VoiceStore.open(tmp_path / "to") as store:
        await add(store, "Zoe", seed=9)

    def stop(progress: Progress) -> None:
        if progress.step == "rows":
            raise StorageError("stopped")

    async with place(source) as one, place(tmp_path / "to") as other:
        with pytest.raises(StorageError, match="stopped"):
            await move(one, other, NO_KEYS, stop, replace=True)
    async with VoiceStore.open(tmp_path / "to") as store:
        [zoe] = await store.list_voices(GUILD)
        assert (await store.load_clip(zoe)).sha256 == make_clip(9).sha256


async def test_what_is_written_to_the_source_meanwhile_is_told(
    source: Path, tmp_path: Path
) -> None:
    class Slow(DirectoryClips):
        async def run(self, work: Any, *arguments: Any, **options: Any) -> Any:
            await announce(bot.database, "a" * 64)
            return await super().run(work, *arguments, **options)

    async with place(source) as one, place(tmp_path / "to") as other, place(source) as bot:
        target = Place(other.database, Slow(tmp_path / "to" / CLIPS_NAME))
        with pytest.raises(StorageError, match=r"was written to .* Stop whatever uses it"):
            await move(one, target, NO_KEYS, silent)
