"""Recordings without a voice move to lost/, unless Mynah itself was adding or deleting them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.clips import encode_clip
from storage.voices import VoiceStore
from tests.storage.conftest import add, clip_files, make_clip
from tests.storage.stored import StoredClips, StoredRows, key_of


def write_orphans(clips: StoredClips, *seeds: int) -> list[str]:
    orphans = {f"{make_clip(seed).sha256}.pickle.gz": make_clip(seed) for seed in seeds}
    for name, clip in orphans.items():
        clips.write(f"clips/{name}", encode_clip(clip))
    return sorted(orphans)


@pytest.mark.parametrize("count", [1, 3, 30])
async def test_older_database_beside_newer_clips_costs_no_recording(
    directory: Path, rows: StoredRows, clips: StoredClips, count: int
) -> None:
    async with VoiceStore.open(directory) as store:
        await add(store, "Anna")
    await rows.copy("backup")
    async with VoiceStore.open(directory) as store:
        for number in range(count):
            await add(store, f"voice {number}", seed=1 + number)
    everything = clips.names()
    await rows.copy("newest")
    await rows.put_back("backup")
    async with VoiceStore.open(directory) as store:
        found = await store.check()
        assert (found.swept, len(found.moved), len(found.lost)) == ((), count, count)
        assert found.lost_advice is not None
        assert found.lost_advice.startswith(f"{count} recordings without a voice")
        assert sorted([*clips.names("lost"), *clips.names()]) == everything
    await rows.put_back("newest")
    async with VoiceStore.open(directory) as store:
        found = await store.check(verify=True)
        assert (len(found.returned), found.lost, found.damaged) == (count, (), ())
        assert clips.names() == everything


@pytest.mark.parametrize("damaged", ["e" * 64, "no hash", "../../etc/passwd"])
async def test_flipped_hash_in_a_row_costs_no_clip(
    store: VoiceStore, rows: StoredRows, damaged: str
) -> None:
    voice = await add(store, "Anna")
    await rows.run("UPDATE voices SET clip_sha256 = ?", damaged)
    found = await store.check()
    assert found.moved == (f"{voice.clip_sha256}.pickle.gz",)
    assert [v.id for v in found.damaged] == [voice.id]
    await rows.run("UPDATE voices SET clip_sha256 = ?", voice.clip_sha256)
    found = await store.check()
    assert found.returned == (f"{voice.clip_sha256}.pickle.gz",)
    assert found.damaged == ()
    await store.load_clip(voice)


async def test_former_clip_comes_back_as_well(store: VoiceStore, clips: StoredClips) -> None:
    voice = await add(store, "Anna")
    await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    clips.write(f"lost/{voice.clip_sha256}.pickle.gz", clips.read(key_of(voice)))
    clips.remove(key_of(voice))
    assert len((await store.check()).returned) == 1
    await store.restore(voice.id)


async def test_lost_recordings_are_never_swept(store: VoiceStore, clips: StoredClips) -> None:
    names = write_orphans(clips, 1, 2)
    for _ in range(2):
        await store.check()
    assert clips.names("lost") == names


async def test_name_that_lost_has_already_is_not_overwritten(
    store: VoiceStore, clips: StoredClips
) -> None:
    [name] = write_orphans(clips, 1)
    await store.check()
    clips.write(f"clips/{name}", b"damaged")
    await store.check()
    assert clips.names("lost") == sorted([name, name.replace(".pickle", ".1.pickle")])
    await add(store, "Anna", seed=1)
    clips.remove(f"clips/{name}")
    assert (await store.check()).returned == (name,)  # the whole one


async def test_deletion_takes_copies_in_lost_along(store: VoiceStore, clips: StoredClips) -> None:
    write_orphans(clips, 1)
    await store.check()
    voice = await add(store, "Anna", seed=1)
    await store.delete(voice.id)
    assert clips.names("lost") == []


async def test_damaged_recording_in_lost_stays_there(store: VoiceStore, clips: StoredClips) -> None:
    voice = await add(store, "Anna")
    clips.write(f"lost/{voice.clip_sha256}.pickle.gz", b"damaged")
    clips.remove(key_of(voice))
    found = await store.check()
    assert (found.returned, len(found.lost), len(found.damaged)) == ((), 1, 1)


@pytest.mark.parametrize("kind", ["file", "pipe"])
async def test_lost_that_is_no_directory_leaves_all_where_it_is(
    store: VoiceStore,
    directory: Path,
    clips: StoredClips,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if kind == "file":
        (directory / "lost").touch()
    else:
        os.mkfifo(directory / "lost")
    names = write_orphans(clips, 1, 2)
    found = await store.check()
    assert (found.moved, found.lost) == ((), ())
    assert clip_files(directory) == set(names)
    assert caplog.text.count("cannot be moved") == 1


async def test_foreign_files_in_lost_are_not_listed(store: VoiceStore, clips: StoredClips) -> None:
    clips.write("lost/notes.txt", b"")
    assert (await store.check()).lost == ()


async def test_file_that_cannot_be_removed_fails_no_start(
    store: VoiceStore, caplog: pytest.LogCaptureFixture
) -> None:
    voice = await add(store, "Anna")
    path = store.clip_path(voice)
    path.unlink()
    path.mkdir()  # unlink fails for a directory, also as root
    await store.delete(voice.id)
    for _ in range(2):
        assert (await store.check()).moved == ()
    assert "cannot be removed" in caplog.text
    path.rmdir()
    await store.check()
    assert await store.database.read("SELECT * FROM unneeded_clips") == []


async def test_temporary_directory_that_cannot_be_removed_fails_no_start(
    store: VoiceStore, directory: Path
) -> None:
    (directory / "clips" / "x.clip.tmp").mkdir()
    assert (await store.check()).swept == ()
