"""Changing the key, and the file that holds it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from pathlib import Path

import pytest

from storage.audit import AuditStore
from storage.audit_check import sealed_since, verify
from storage.audit_rows import OPERATOR, NewRow
from storage.errors import KeyFileError
from storage.key_file import create_key_file, is_exposed, new_key, parse_keys, read_keys
from storage.resealing import Resealed
from storage.rotation import begin_rotation, finish_rotation
from storage.sealing import NO_KEYS, KeyRing, key_id
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add
from tests.storage.sealed import add_with_evidence, opened, prove, reseal


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
        forged = (b'[1, "a", 1, "b", 1]',)
        await store.database.write(
            lambda execute: execute("UPDATE audit_chains SET seal = ?", forged)
        )
        await reseal(store)
        [fault] = await verify(store.database, GUILD, ring)
    assert "without the key" in str(fault)


async def test_trail_sealed_by_a_lost_key_stops_no_start(directory: Path, ring: KeyRing) -> None:
    async with opened(directory, ring) as store:
        await AuditStore(store.database, ring).append(GUILD, [NewRow("enrolled", OPERATOR)])
    async with opened(directory, KeyRing([new_key()])) as store:
        assert not (await store.seals()).wrong_key
        assert await reseal(store) == Resealed(0, ())
