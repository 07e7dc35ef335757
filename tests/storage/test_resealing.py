"""Sealing anew, rotation, and what a store does with keys that are not those of its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.clips import TEMPORARY_SUFFIX
from storage.errors import DamagedClipError, StorageError, UnknownKeyError
from storage.key_file import new_key
from storage.resealing import Resealed
from storage.sealing import NO_KEYS, KeyRing, is_sealed
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add, clip_files, make_clip
from tests.storage.sealed import add_with_evidence, contents, opened, prove, reseal
from tests.storage.stored import StoredClips, key_of


async def test_all_that_is_stored_with_a_key_is_sealed(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        voice_id = await add_with_evidence(store)
        await prove(store, voice_id)
        [row] = await store.database.read("SELECT record FROM consents")
    assert len(contents(directory)) == 2
    assert all(map(is_sealed, [*contents(directory), row[0]]))


async def test_plain_and_sealed_stand_side_by_side(directory: Path, ring: KeyRing) -> None:
    async with opened(directory) as store:
        first = await add_with_evidence(store)
    async with opened(directory, ring) as store:
        second = await add_with_evidence(store, "Bob", seed=1)
        await prove(store, first)
        await prove(store, second, seed=1)
        seals = await store.seals()
    assert (seals.plain, seals.newest, seals.older, seals.unknown) == (3, 3, 0, {})


async def test_replacing_and_restoring_work_sealed(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        voice_id = await add_with_evidence(store)
        await store.replace(voice_id, make_clip(1), pitch_hz=None, quality=None)
        assert all(map(is_sealed, contents(directory)))
        await store.restore(voice_id)
        await prove(store, voice_id)
        await store.delete(voice_id)
    assert clip_files(directory) == set()


async def test_sealing_anew_changes_all_and_only_the_seal(directory: Path, ring: KeyRing) -> None:
    async with opened(directory) as store:
        voice_id = await add_with_evidence(store)
        plain = sorted(contents(directory))
    async with opened(directory, ring) as store:
        assert await reseal(store) == Resealed(3, ())
        assert await reseal(store) == Resealed(0, ())
        await prove(store, voice_id)
        assert all(map(is_sealed, contents(directory)))
        assert await reseal(store, plain=True) == Resealed(3, ())
    assert sorted(contents(directory)) == plain
    async with opened(directory) as store:
        await prove(store, voice_id)


async def test_sealing_leaves_nothing_plain_in_the_database(directory: Path, ring: KeyRing) -> None:
    async with opened(directory) as store:
        for number in range(30):
            await add_with_evidence(store, f"voice {number}", 1000 * number)
    assert b"candle" in (directory / "mynah.db").read_bytes()
    async with opened(directory) as bot, opened(directory, ring) as store:
        await bot.count(GUILD)
        await reseal(store)
        written = [path.read_bytes() for path in directory.glob("mynah.db*")]
    assert not [content for content in written if b"candle" in content]


async def test_former_and_lost_recordings_are_sealed_anew(
    directory: Path, ring: KeyRing, clips: StoredClips
) -> None:
    async with opened(directory) as store:
        voice = await add(store, "Anna")
        await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    [some, _] = clips.names()
    clips.write(f"lost/{some.partition('.')[0]}.1.pickle.gz", clips.read(f"clips/{some}"))
    async with opened(directory, ring) as store:
        assert (await reseal(store)).changed == 3
        await store.restore(voice.id)
        assert (await store.load_clip(await store.get(voice.id))).sha256 == make_clip().sha256


async def test_recording_that_cannot_be_opened_stays_and_is_told(
    directory: Path, ring: KeyRing, clips: StoredClips
) -> None:
    async with opened(directory, KeyRing([new_key()])) as store:
        other = await add(store, "Other")
    before = clips.read(key_of(other))
    async with opened(directory, ring) as store:
        await add(store, "Anna", seed=1)
        changed = await reseal(store)
        assert changed.changed == 0
        assert len(changed.failed) == 1
        assert store.clip_location(other) in changed.failed[0]
    assert clips.read(key_of(other)) == before


async def test_file_that_is_no_clip_is_not_sealed(
    directory: Path, ring: KeyRing, clips: StoredClips
) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        clips.write(key_of(voice), b"garbage")
        assert await reseal(store) == Resealed(0, ())
    assert clips.read(key_of(voice)) == b"garbage"


async def test_too_large_file_is_not_cut(
    directory: Path, ring: KeyRing, clips: StoredClips
) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        clips.write(key_of(voice), b"\x1f\x8b" + bytes(12_000_000))
        assert len((await reseal(store)).failed) == 1
    assert len(clips.read(key_of(voice))) == 12_000_002


async def test_what_a_killed_rotation_left_in_lost_is_swept(
    store: VoiceStore, clips: StoredClips
) -> None:
    clips.write(f"lost/tmpabc{TEMPORARY_SUFFIX}", b"half")
    report = await store.check()
    assert report.swept == (f"tmpabc{TEMPORARY_SUFFIX}",)
    assert clips.names("lost") == []


@pytest.mark.parametrize("keys", [NO_KEYS, KeyRing([new_key()])], ids=["none", "another"])
@pytest.mark.parametrize("verify", [False, True])
async def test_check_with_the_wrong_key_marks_and_moves_nothing(
    directory: Path, ring: KeyRing, keys: KeyRing, verify: bool
) -> None:
    async with opened(directory, ring) as store:
        voice_id = await add_with_evidence(store)
        await store.replace(voice_id, make_clip(1), pitch_hz=None, quality=None)
    before = clip_files(directory)
    async with opened(directory, keys) as store:
        report = await store.check(verify=verify)
        assert (report.damaged, report.swept, report.moved, report.lost) == ((), (), (), ())
        assert (await store.seals()).wrong_key
        voice = await store.get(voice_id)
        for refused in (store.load_clip(voice), store.restore(voice_id)):
            with pytest.raises(UnknownKeyError):
                await refused
    assert clip_files(directory) == before
    async with opened(directory, ring) as store:
        assert (await store.check(verify=True)).damaged == ()


async def test_damage_that_was_marked_stays_marked_without_the_key(
    directory: Path, ring: KeyRing, clips: StoredClips
) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        sealed = clips.read(key_of(voice))
        clips.write(key_of(voice), sealed[:-1])
        [damaged] = (await store.check(verify=True)).damaged
        clips.write(key_of(voice), sealed)
    async with opened(directory) as store:
        assert (await store.check()).damaged == (damaged,)
    async with opened(directory, ring) as store:
        [restored] = (await store.check()).restored
        assert restored.id == voice.id


async def test_changed_seal_is_damage(directory: Path, ring: KeyRing, clips: StoredClips) -> None:
    async with opened(directory, ring) as store:
        anna, bob = await add(store, "Anna"), await add(store, "Bob", seed=1)
        clips.write(key_of(bob), clips.read(key_of(anna)))
        with pytest.raises(DamagedClipError, match="belongs to something else"):
            await store.load_clip(bob)


async def test_evidence_of_another_recording_is_refused(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        first = await add_with_evidence(store)
        second = await add_with_evidence(store, "Bob", seed=1)
        voice = await store.get(second)
        await store.database.write(
            lambda execute: execute(
                "UPDATE consents SET record = (SELECT record FROM consents WHERE voice_id = ?)"
                " WHERE voice_id = ?",
                (first, second),
            )
        )
        with pytest.raises(StorageError, match="belongs to something else"):
            await store.consent_of(second, voice.clip_sha256)
