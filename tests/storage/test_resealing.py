"""Sealing anew, rotation, and what a store does with keys that are not those of its data."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from storage.audit import AuditStore
from storage.audit_check import sealed_since, verify
from storage.audit_rows import OPERATOR, NewRow
from storage.clips import TEMPORARY_SUFFIX, clip_path
from storage.errors import DamagedClipError, KeyFileError, StorageError, UnknownKeyError
from storage.key_file import create_key_file, is_exposed, new_key, parse_keys, read_keys
from storage.resealing import Resealed, Resealing
from storage.rotation import begin_rotation, finish_rotation
from storage.sealing import NO_KEYS, KeyRing, is_sealed, key_id
from storage.types import NewConsent, NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add, clip_files, make_clip

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RECORD = {"words": ["river", "candle"]}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "mynah.key"
    create_key_file(path, [new_key()])
    return path


@pytest.fixture
def ring(key_file: Path) -> KeyRing:
    return KeyRing.from_file(key_file)


@asynccontextmanager
async def opened(directory: Path, keys: KeyRing = NO_KEYS) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(directory, keys) as store:
        yield store


async def add_with_evidence(store: VoiceStore, name: str = "Anna", seed: int = 0) -> int:
    consent = NewConsent(7, NOW, RECORD, make_clip(seed + 100))
    voice = NewVoice(GUILD, name, owner_id=7, consented_by=7, consented_at=NOW, level="spoken")
    return (await store.add(voice, make_clip(seed), consent=consent)).id


async def prove(store: VoiceStore, voice_id: int, seed: int = 0) -> None:
    """Read all of a voice: its clip, its evidence, and the sentence of consent."""
    voice = await store.get(voice_id)
    loaded = await store.load_clip(voice)
    np.testing.assert_array_equal(loaded.samples, make_clip(seed).samples)
    consent = await store.consent_of(voice_id, voice.clip_sha256)
    assert consent is not None
    assert consent.record == RECORD
    sentence = await store.load_consent_clip(consent)
    assert sentence is not None
    np.testing.assert_array_equal(sentence.samples, make_clip(seed + 100).samples)


def contents(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in (directory / "clips").iterdir()]


async def reseal(store: VoiceStore, *, plain: bool = False) -> Resealed:
    return await Resealing.beside(store, plain=plain).run(lambda done, total: None)


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


async def test_former_and_lost_recordings_are_sealed_anew(directory: Path, ring: KeyRing) -> None:
    async with opened(directory) as store:
        voice = await add(store, "Anna")
        await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    (directory / "lost").mkdir()
    [some, _] = (directory / "clips").iterdir()
    shutil.copy(some, directory / "lost" / f"{some.name.split('.')[0]}.1.pickle.gz")
    async with opened(directory, ring) as store:
        assert (await reseal(store)).changed == 3
        await store.restore(voice.id)
        assert (await store.load_clip(await store.get(voice.id))).sha256 == make_clip().sha256


async def test_recording_that_cannot_be_opened_stays_and_is_told(
    directory: Path, ring: KeyRing
) -> None:
    async with opened(directory, KeyRing([new_key()])) as store:
        other = await add(store, "Other")
    path = clip_path(directory / "clips", other.clip_sha256)
    before = path.read_bytes()
    async with opened(directory, ring) as store:
        await add(store, "Anna", seed=1)
        changed = await reseal(store)
    assert changed.changed == 0
    assert len(changed.failed) == 1
    assert str(path) in changed.failed[0]
    assert path.read_bytes() == before


async def test_file_that_is_no_clip_is_not_sealed(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        path = clip_path(directory / "clips", voice.clip_sha256)
        path.write_bytes(b"garbage")
        assert await reseal(store) == Resealed(0, ())
    assert path.read_bytes() == b"garbage"


async def test_too_large_file_is_not_cut(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        path = clip_path(directory / "clips", voice.clip_sha256)
        path.write_bytes(b"\x1f\x8b" + bytes(12_000_000))
        assert len((await reseal(store)).failed) == 1
    assert path.stat().st_size == 12_000_002


async def test_what_a_killed_rotation_left_in_lost_is_swept(store: VoiceStore) -> None:
    lost = store.database.path.parent / "lost"
    lost.mkdir()
    (lost / f"tmpabc{TEMPORARY_SUFFIX}").write_bytes(b"half")
    report = await store.check()
    assert report.swept == (f"tmpabc{TEMPORARY_SUFFIX}",)
    assert list(lost.iterdir()) == []


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
    directory: Path, ring: KeyRing
) -> None:
    async with opened(directory, ring) as store:
        voice = await add(store, "Anna")
        path = clip_path(directory / "clips", voice.clip_sha256)
        sealed = path.read_bytes()
        path.write_bytes(sealed[:-1])
        [damaged] = (await store.check(verify=True)).damaged
        path.write_bytes(sealed)
    async with opened(directory) as store:
        assert (await store.check()).damaged == (damaged,)
    async with opened(directory, ring) as store:
        [restored] = (await store.check()).restored
        assert restored.id == voice.id


async def test_changed_seal_is_damage(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        anna, bob = await add(store, "Anna"), await add(store, "Bob", seed=1)
        paths = [clip_path(directory / "clips", voice.clip_sha256) for voice in (anna, bob)]
        shutil.copy(*paths)  # Anna's recording in Bob's place
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


async def rotate(store: VoiceStore, file: Path) -> tuple[str, ...]:
    await begin_rotation(store, file)
    await reseal(store)
    return await finish_rotation(store, file)


async def test_rotation_beside_an_open_store(
    directory: Path, ring: KeyRing, key_file: Path
) -> None:
    """The other store is a running bot: it reads and writes before, in between and afterwards."""
    async with opened(directory, ring) as bot, opened(directory, KeyRing.from_file(key_file)) as it:
        first = await add_with_evidence(bot)
        assert await begin_rotation(it, key_file)
        between = await add_with_evidence(bot, "Bob", seed=1)
        await reseal(it)
        assert await finish_rotation(it, key_file) == ()
        after = await add_with_evidence(bot, "Eve", seed=2)
        for seed, voice_id in enumerate([first, between, after]):
            await prove(bot, voice_id, seed)
            await prove(it, voice_id, seed)
        [newest] = read_keys(key_file)
        seals = await it.seals()
    assert (seals.newest, seals.to_seal, seals.unreadable) == (9, 0, 0)
    assert it.keys.newest == key_id(newest)


async def test_rotations_at_the_same_time_lose_no_key(
    directory: Path, ring: KeyRing, key_file: Path
) -> None:
    async with (
        opened(directory, ring) as one,
        opened(directory, KeyRing.from_file(key_file)) as two,
    ):
        voices = [await add_with_evidence(one, f"voice {n}", 10 * n) for n in range(5)]
        await asyncio.gather(rotate(one, key_file), rotate(two, key_file))
        for number, voice_id in enumerate(voices):
            await prove(two, voice_id, 10 * number)
        assert (await two.seals()).unknown == {}


async def test_voices_enrolled_during_a_rotation_are_kept(
    directory: Path, ring: KeyRing, key_file: Path
) -> None:
    async with opened(directory, ring) as bot, opened(directory, KeyRing.from_file(key_file)) as it:
        added: dict[int, int] = {}

        async def enrol() -> None:
            while True:
                seed = 1000 * (len(added) + 1)
                added[seed] = await add_with_evidence(bot, f"voice {seed}", seed)

        busy = asyncio.create_task(enrol())
        while len(added) < 3:
            await rotate(it, key_file)
        busy.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await busy
        await rotate(it, key_file)
        assert len(read_keys(key_file)) == 1
        for seed, voice_id in added.items():
            await prove(it, voice_id, seed)


async def test_key_that_something_needs_stays_in_the_file(
    directory: Path, ring: KeyRing, key_file: Path
) -> None:
    [old] = read_keys(key_file)
    async with opened(directory, ring) as store:
        await add(store, "Anna")
        await begin_rotation(store, key_file)
        assert await finish_rotation(store, key_file) == (key_id(old),)
    assert old in read_keys(key_file)


async def test_key_file_that_cannot_be_written_is_told(
    directory: Path, ring: KeyRing, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("storage.rotation.write_keys", refuse)
    async with opened(directory, ring) as store:
        with pytest.raises(KeyFileError, match=r"Read-only file system.*mynah key seal"):
            await begin_rotation(store, key_file)
    assert len(read_keys(key_file)) == 1


@pytest.mark.parametrize("text", ["", "# only a comment\n", "abc", "A" * 44, "A" * 43 + "=,x"])
def test_what_is_no_key_is_refused_unseen(text: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        parse_keys(text, "it")
    assert not text or text.strip("#") not in str(caught.value)


def test_keys_are_read_in_order_with_comments_and_commas() -> None:
    first, second = "A" * 43 + "=", "B" * 42 + "A="
    keys = parse_keys(f"# one\n{first}, {second}\r\n\n{first}\n", "it")
    assert keys == (bytes(32), keys[1])


def test_key_file_keeps_its_owner_and_is_found_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "real"
    create_key_file(target, [new_key()])
    link = tmp_path / "link"
    link.symlink_to(target)
    assert read_keys(link) == read_keys(target)


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o640, False), (0o644, True)])
def test_key_file_that_others_can_read_is_noticed(key_file: Path, mode: int, exposed: bool) -> None:
    key_file.chmod(mode)
    assert is_exposed(key_file) == exposed


def test_credentials_of_a_service_are_not_exposed(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file.chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key_file.parent))
    assert not is_exposed(key_file)


async def test_rotation_takes_the_seals_of_audit_trails_along(
    directory: Path, ring: KeyRing, key_file: Path
) -> None:
    row = NewRow("enrolled", OPERATOR)
    async with opened(directory, ring) as store:
        await AuditStore(store.database, ring).append(GUILD, [row])
        [before] = await store.database.read("SELECT seal FROM audit_chains")
        assert await rotate(store, key_file) == ()
        [after] = await store.database.read("SELECT seal FROM audit_chains")
        assert before[0] != after[0]
        assert await verify(store.database, GUILD, KeyRing(read_keys(key_file))) == []
        assert await sealed_since(store.database, KeyRing(read_keys(key_file))) == {GUILD: 1}
        await reseal(store, plain=True)
        assert await sealed_since(store.database, ring) == {}
        assert await verify(store.database, GUILD, NO_KEYS) == []


async def test_what_vouches_for_nothing_is_not_sealed(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        await AuditStore(store.database).append(GUILD, [NewRow("enrolled", OPERATOR)])
        forged = 'UPDATE audit_chains SET seal = CAST(\'[1, "a", 1, "b", 1]\' AS BLOB)'
        await store.database.write(lambda execute: execute(forged))
        await reseal(store)
        [fault] = await verify(store.database, GUILD, ring)
    assert "without the key" in str(fault)


async def test_trail_sealed_by_a_lost_key_stops_no_start(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        await AuditStore(store.database, ring).append(GUILD, [NewRow("enrolled", OPERATOR)])
    async with opened(directory, KeyRing([new_key()])) as store:
        assert not (await store.seals()).wrong_key
        assert await reseal(store) == Resealed(0, ())
