import asyncio
import gzip
import os
import pickle
import re
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.errors import (
    DamagedClipError,
    InvalidNameError,
    NameTakenError,
    StorageError,
    VoiceNotFoundError,
)
from storage.types import NewVoice, ReferenceClip, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, clip_files, make_clip
from tests.storage.stored import StoredClips, Work, key_of


async def test_voice_is_stored_with_all_that_is_known(store: VoiceStore) -> None:
    consented_at = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone(timedelta(hours=2)))
    voice = NewVoice(
        guild_id=GUILD,
        name=" Anna ",
        language="de",
        owner_id=7,
        consented_by=8,
        consented_at=consented_at,
        pitch_hz=210.5,
        quality={"verdict": "good", "reasons": ["ä"], "snr_db": 31.5},
    )
    clip = make_clip(seconds=0.5)
    before = datetime.now(UTC)
    profile = await store.add(voice, clip)
    assert before <= profile.created_at <= datetime.now(UTC)
    assert profile == VoiceProfile(
        id=profile.id,
        guild_id=GUILD,
        name="Anna",
        clip_sha256=clip.sha256,
        seconds=0.5,
        language="de",
        owner_id=7,
        consented_by=8,
        consented_at=consented_at,
        pitch_hz=210.5,
        quality={"verdict": "good", "reasons": ["ä"], "snr_db": 31.5},
        created_at=profile.created_at,
        last_used_at=None,
        use_count=0,
        damage=None,
    )
    assert profile.consented_at is not None
    assert profile.consented_at.tzinfo is UTC
    assert await store.get(profile.id) == profile


async def test_clip_is_stored_beside_the_rows(store: VoiceStore, clips: StoredClips) -> None:
    clip = make_clip()
    profile = await add(store, "Anna")
    assert clips.names() == [f"{clip.sha256}.pickle.gz"]
    content = pickle.loads(gzip.decompress(clips.read(key_of(profile))))
    np.testing.assert_array_equal(content["samples"], clip.samples)
    np.testing.assert_array_equal((await store.load_clip(profile)).samples, clip.samples)


async def test_voices_outlive_the_store(store: VoiceStore, directory: Path) -> None:
    profile = await add(store, "Anna")
    async with VoiceStore.open(directory) as other:
        assert await other.get(profile.id) == profile


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
async def test_new_data_directory_is_private(store: VoiceStore, directory: Path) -> None:
    await add(store, "Anna")
    for path in (directory, directory / "clips"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


async def test_database_refuses_what_no_voice_is(store: VoiceStore) -> None:
    voice = await add(store, "Anna")
    bad: list[tuple[str, Any]] = [
        ("guild_id", -1),
        ("guild_id", "x"),
        ("name", ""),
        ("name", "a" * 33),
        ("name_key", ""),
        ("clip_sha256", "../../etc/passwd"),
        ("clip_sha256", "A" * 64),
        ("seconds", 0),
        ("language", ""),
        ("owner_id", 0),
        ("consented_by", 7),
        ("created_at", "yesterday"),
        ("pitch_hz", -1),
        ("quality", "{"),
        ("use_count", -1),
    ]
    for column, value in bad:
        with pytest.raises(StorageError):
            await store.database.write(set_to(column, value))
        assert await store.get(voice.id) == voice


def set_to(column: str, value: object) -> Work:
    return lambda execute: execute(f"UPDATE voices SET {column} = ?", (value,))


async def test_name_is_unique_within_a_guild(store: VoiceStore, directory: Path) -> None:
    await add(store, "Straße")
    with pytest.raises(NameTakenError, match="already a voice named “STRASSE”"):
        await add(store, "STRASSE", seed=1)
    await add(store, "Straße", OTHER_GUILD, seed=2)
    assert len(clip_files(directory)) == 2  # nothing of the refused one


async def test_bad_name_stores_nothing(store: VoiceStore, directory: Path) -> None:
    with pytest.raises(InvalidNameError):
        await add(store, "A\u200b")
    assert clip_files(directory) == set()


async def test_clip_that_breaks_the_contract_stores_nothing(
    store: VoiceStore, directory: Path
) -> None:
    with pytest.raises(ValueError, match="not finite"):
        await store.add(NewVoice(GUILD, "Anna"), ReferenceClip(np.full(9, np.nan, np.float32)))
    assert await store.count(GUILD) == 0
    assert clip_files(directory) == set()


async def test_consent_without_a_time_stores_nothing(store: VoiceStore, directory: Path) -> None:
    with pytest.raises(StorageError, match=r"(?i)check"):
        await store.add(NewVoice(GUILD, "Anna", consented_by=7), make_clip())
    assert clip_files(directory) == set()


async def test_clip_that_cannot_be_written_stores_no_row(
    store: VoiceStore, directory: Path
) -> None:
    (directory / "clips").rmdir()
    with pytest.raises(StorageError, match=r"cannot be written.*disk"):
        await add(store, "Anna")
    assert await store.count(GUILD) == 0


async def test_rename_keeps_all_but_the_name(store: VoiceStore) -> None:
    profile = await add(store, "Anna")
    renamed = await store.rename(profile.id, " Hanna ")
    assert renamed.name == "Hanna"
    assert renamed.id == profile.id
    assert renamed.clip_sha256 == profile.clip_sha256
    assert await store.find(GUILD, "hanna") == renamed
    with pytest.raises(VoiceNotFoundError):
        await store.find(GUILD, "Anna")


async def test_rename_may_change_case(store: VoiceStore) -> None:
    profile = await add(store, "anna")
    assert (await store.rename(profile.id, "Anna")).name == "Anna"


async def test_rename_to_a_taken_name_changes_nothing(store: VoiceStore) -> None:
    profile = await add(store, "Anna")
    await add(store, "Bob")
    with pytest.raises(NameTakenError):
        await store.rename(profile.id, "BOB")
    with pytest.raises(InvalidNameError):
        await store.rename(profile.id, "")
    assert await store.get(profile.id) == profile


async def test_deletion_removes_row_and_file(store: VoiceStore, directory: Path) -> None:
    profile = await add(store, "Anna")
    await store.delete(profile.id)
    with pytest.raises(VoiceNotFoundError):
        await store.get(profile.id)
    assert clip_files(directory) == set()


async def test_shared_clip_stays_until_its_last_voice_is_deleted(
    store: VoiceStore, directory: Path
) -> None:
    first, second = await add(store, "Anna"), await add(store, "Hanna", OTHER_GUILD)
    assert store.clip_path(first) == store.clip_path(second)
    await store.delete(first.id)
    await store.load_clip(second)
    await store.delete(second.id)
    assert clip_files(directory) == set()


async def test_id_of_a_deleted_voice_is_not_used_again(store: VoiceStore) -> None:
    first = await add(store, "Anna")
    await store.delete(first.id)
    assert (await add(store, "Bob")).id != first.id


async def test_changing_a_voice_that_is_gone_is_not_found(store: VoiceStore) -> None:
    for change in (
        store.get(1),
        store.delete(1),
        store.rename(1, "Anna"),
        store.replace(1, make_clip(), pitch_hz=None, quality=None),
    ):
        with pytest.raises(VoiceNotFoundError, match="does not exist"):
            await change


async def test_replacing_changes_the_clip_and_what_was_measured(
    store: VoiceStore, directory: Path
) -> None:
    old = await store.add(NewVoice(GUILD, "Anna", pitch_hz=99, quality={"a": 1}), make_clip())
    clip = make_clip(seed=1, seconds=0.2)
    new = await store.replace(old.id, clip, pitch_hz=211, quality={"a": 2})
    assert (new.id, new.name, new.created_at) == (old.id, old.name, old.created_at)
    assert (new.clip_sha256, new.seconds, new.pitch_hz) == (clip.sha256, 0.2, 211)
    assert new.quality == {"a": 2}
    assert f"{clip.sha256}.pickle.gz" in clip_files(directory)


async def test_replacing_by_the_same_clip_keeps_its_file(store: VoiceStore) -> None:
    profile = await add(store, "Anna")
    await store.replace(profile.id, make_clip(), pitch_hz=None, quality=None)
    await store.load_clip(profile)


async def test_replacing_leaves_a_shared_clip_to_the_other_voice(store: VoiceStore) -> None:
    first, second = await add(store, "Anna"), await add(store, "Bob")
    await store.replace(first.id, make_clip(seed=1), pitch_hz=None, quality=None)
    await store.load_clip(second)


async def test_consent_belongs_to_the_clip(store: VoiceStore) -> None:
    now = datetime.now(UTC)
    voice = NewVoice(GUILD, "Anna", consented_by=7, consented_at=now)
    profile = await store.add(voice, make_clip())
    replaced = await store.replace(profile.id, make_clip(seed=1), pitch_hz=None, quality=None)
    assert (replaced.consented_by, replaced.consented_at) == (None, None)


async def test_uses_are_counted(store: VoiceStore) -> None:
    profile = await add(store, "Anna")
    before = datetime.now(UTC)
    await asyncio.gather(*(store.mark_used(profile.id) for _ in range(5)))
    used = await store.get(profile.id)
    assert used.use_count == 5
    assert used.last_used_at is not None
    assert before <= used.last_used_at <= datetime.now(UTC)


async def test_use_of_a_deleted_voice_is_no_error(store: VoiceStore) -> None:
    await store.mark_used(12345)


async def test_damaged_clip_names_its_file(store: VoiceStore, clips: StoredClips) -> None:
    profile = await add(store, "Anna")
    clips.write(key_of(profile), clips.read(key_of(profile))[:-20])
    named = re.escape(store.clip_location(profile))
    with pytest.raises(DamagedClipError, match=f"{named}.*cut off"):
        await store.load_clip(profile)


async def test_many_coroutines_share_a_store(store: VoiceStore, directory: Path) -> None:
    async def live(number: int) -> None:
        profile = await add(store, f"voice {number}", seed=number % 3)
        await store.rename(profile.id, f"renamed {number}")
        await store.mark_used(profile.id)
        await store.load_clip(profile)
        if number % 2:
            await store.delete(profile.id)

    await asyncio.gather(*(live(number) for number in range(20)))
    left = await store.list_voices(GUILD)
    assert len(left) == 10
    assert all(profile.use_count == 1 for profile in left)
    assert len(clip_files(directory)) == 3


async def test_one_of_many_gets_a_contested_name(store: VoiceStore) -> None:
    results = await asyncio.gather(
        *(add(store, "Anna", seed=seed) for seed in range(8)), return_exceptions=True
    )
    assert sum(isinstance(result, VoiceProfile) for result in results) == 1
    assert sum(isinstance(result, NameTakenError) for result in results) == 7
