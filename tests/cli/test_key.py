"""`mynah key`, and what the other commands do with a key, without it, and with another one."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from storage.key_file import new_key, read_keys, write_keys
from storage.sealing import KeyRing, is_sealed, key_id
from storage.types import ReferenceClip
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah

VARIABLE = "MYNAH_STORAGE__KEY_FILE"


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mynah.key"
    write_keys(path, [new_key()])
    monkeypatch.setenv(VARIABLE, str(path))
    return path


@pytest.fixture
def sealed(enrolled: Mynah, key_file: Path) -> Mynah:
    """Anna, sealed by the key in `key_file`."""
    assert enrolled("key", "seal").code == 0
    return enrolled


def clip_of_anna(data: Path, keys: KeyRing) -> ReferenceClip:
    async def load() -> ReferenceClip:
        async with VoiceStore.open(data, keys) as store:
            return await store.load_clip(await store.find(0, "Anna"))

    return asyncio.run(load())


def damage_of_anna(data: Path) -> str | None:
    async def find() -> str | None:
        async with VoiceStore.open(data) as store:
            return (await store.find(0, "Anna")).damage

    return asyncio.run(find())


def test_new_key_is_for_this_user_alone(mynah: Mynah, tmp_path: Path) -> None:
    outcome = mynah("key", "new", "here.key")
    path = tmp_path / "here.key"
    assert outcome.code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f'key_file = "{path}"' in outcome.out
    assert "Without it the voices are lost" in outcome.out
    [key] = read_keys(path)
    assert base64.b64encode(key).decode() not in outcome.out


def test_key_that_is_there_is_never_replaced(mynah: Mynah, key_file: Path) -> None:
    before = key_file.read_bytes()
    outcome = mynah("key", "new")
    assert outcome.code == 2
    assert "is there already" in outcome.err
    assert key_file.read_bytes() == before


def test_new_key_goes_where_the_configuration_says(
    mynah: Mynah, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file.unlink()
    outcome = mynah("key", "new")
    assert len(read_keys(key_file)) == 1
    assert "key_file =" not in outcome.out


def test_key_in_the_data_directory_is_warned_of(mynah: Mynah) -> None:
    mynah.data.mkdir()
    assert "a backup of that holds both" in mynah("key", "new", "data/k").err


def test_key_is_printed_for_a_keeper_of_secrets(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__KEY", enrolled("key", "new", "-").out)
    assert enrolled("key", "seal").code == 0
    [clip] = enrolled.clips()
    assert is_sealed(clip.read_bytes())
    assert enrolled("voices", "export", "Anna").code == 0


def test_seal_and_unseal_change_no_sample(enrolled: Mynah, key_file: Path) -> None:
    [clip] = enrolled.clips()
    plain = clip.read_bytes()
    assert ": 1 recording or" in enrolled("key", "seal").out
    assert is_sealed(clip.read_bytes())
    assert enrolled("key", "unseal", "--yes").code == 0
    assert clip.read_bytes() == plain


def test_unsealing_is_asked_for(sealed: Mynah) -> None:
    outcome = sealed("key", "unseal")
    assert outcome.code != 0
    [clip] = sealed.clips()
    assert is_sealed(clip.read_bytes())


def test_rotation_leaves_the_new_key_alone(sealed: Mynah, key_file: Path) -> None:
    [old] = read_keys(key_file)
    before = clip_of_anna(sealed.data, KeyRing([old]))
    outcome = sealed("key", "rotate")
    [new] = read_keys(key_file)
    assert outcome.code == 0
    assert new != old
    assert key_id(new) in outcome.out
    after = clip_of_anna(sealed.data, KeyRing([new]))
    np.testing.assert_array_equal(after.samples, before.samples)


def test_another_key_is_told_to_the_operators_audit_trail(sealed: Mynah) -> None:
    sealed("key", "rotate")
    sealed("key", "unseal", "--yes")
    lines = sealed("audit", "--guild", "0").out.splitlines()
    assert lines[1].endswith("the operator opened the sealed recordings")
    assert lines[2].endswith("the operator sealed the recordings with another key")


def test_rotation_that_was_begun_is_finished_without_another_key(
    sealed: Mynah, key_file: Path
) -> None:
    [old] = read_keys(key_file)
    new = new_key()
    write_keys(key_file, [new, old])
    outcome = sealed("key", "rotate")
    assert "begun before" in outcome.out
    assert read_keys(key_file) == (new,)


def test_key_that_is_still_needed_stays(sealed: Mynah, key_file: Path) -> None:
    [old] = read_keys(key_file)
    [clip] = sealed.clips()
    content = bytearray(clip.read_bytes())
    content[-1] ^= 1
    clip.write_bytes(content)
    outcome = sealed("key", "rotate")
    assert outcome.code == 1
    assert "it was changed since it was sealed" in outcome.err
    assert key_id(old) in outcome.err
    assert old in read_keys(key_file)


def test_key_of_the_environment_is_rotated_by_hand(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (base64.b64encode(new_key()).decode() for _ in range(2))
    monkeypatch.setenv("MYNAH_STORAGE__KEY", old)
    assert enrolled("key", "seal").code == 0
    assert "no command can change it" in enrolled("key", "rotate").err
    monkeypatch.setenv("MYNAH_STORAGE__KEY", f"{new},{old}")
    assert "Nothing here needs an older key" in enrolled("key", "seal").out
    monkeypatch.setenv("MYNAH_STORAGE__KEY", new)
    assert enrolled("voices", "export", "Anna").code == 0


@pytest.mark.parametrize("command", ["rotate", "seal", "unseal"])
def test_without_a_key_there_is_nothing_to_do(enrolled: Mynah, command: str) -> None:
    outcome = enrolled("key", command, *(["--yes"] if command == "unseal" else []))
    assert outcome.code == 2
    assert "mynah key new FILE" in outcome.err


@pytest.mark.parametrize("other", [True, False], ids=["wrong key", "no key"])
def test_wrong_key_is_one_line_and_damages_nothing(
    sealed: Mynah, key_file: Path, monkeypatch: pytest.MonkeyPatch, other: bool
) -> None:
    [right] = read_keys(key_file)
    before = {path: path.read_bytes() for path in sealed.clips()}
    if other:
        write_keys(key_file, [new_key()])
    else:
        monkeypatch.delenv(VARIABLE)
    for command in (["voices", "export", "Anna"], ["voices", "restore", "Anna"], ["key", "seal"]):
        outcome = sealed(*command)
        assert outcome.code == 1
        [line] = outcome.err.splitlines()
        assert f"({key_id(right)})" in line
        assert "Nothing was changed" in line
    assert sealed("check", "--offline", "--no-engine").code == 1
    assert {path: path.read_bytes() for path in sealed.clips()} == before
    assert not (sealed.data / "lost").exists()
    assert damage_of_anna(sealed.data) is None


def test_voice_whose_key_is_lost_can_be_seen_and_deleted(sealed: Mynah, key_file: Path) -> None:
    write_keys(key_file, [new_key()])
    assert "Anna" in sealed("voices").out
    assert sealed("voices", "delete", "Anna", "--yes").code == 0
    assert sealed.clips() == []


def test_missing_key_file_is_one_line(sealed: Mynah, key_file: Path) -> None:
    key_file.unlink()
    outcome = sealed("voices")
    assert outcome.code == 1
    [line] = outcome.err.splitlines()
    assert f"The key file {key_file} cannot be read" in line


def check_line(mynah: Mynah) -> str:
    out = mynah("check", "--offline", "--no-engine").out
    return next(line for line in out.splitlines() if " encryption at rest: " in line)


def test_check_says_how_to_begin(enrolled: Mynah) -> None:
    assert check_line(enrolled).startswith(
        "note   encryption at rest: off. Open to whoever reads the disk: 1 rec"
    )


def test_check_counts_what_is_not_sealed(enrolled: Mynah, key_file: Path) -> None:
    assert "1 plain, 0 by older keys: run `mynah key seal`" in check_line(enrolled)
    assert enrolled("key", "seal").code == 0
    assert re.match("ok .*: 1 recording or record of consent sealed by", check_line(enrolled))
    write_keys(key_file, [new_key(), *read_keys(key_file)])
    assert "0 plain, 1 by older keys" in check_line(enrolled)


def test_check_fails_for_an_unknown_key(sealed: Mynah, key_file: Path) -> None:
    write_keys(key_file, [new_key()])
    outcome = sealed("check", "--offline", "--no-engine")
    assert outcome.code == 1
    assert "FAILED encryption at rest: Sealed by a key that is not there" in outcome.out
    assert "note   database and clips: 1 voice; not read, because" in outcome.out


def test_check_warns_of_a_key_file_that_others_can_read(sealed: Mynah, key_file: Path) -> None:
    key_file.chmod(0o644)
    line = check_line(sealed)
    assert line.startswith("note ")
    assert f"chmod o= {key_file}" in line


def test_rotation_keeps_the_owner_and_mode_of_the_files(sealed: Mynah, key_file: Path) -> None:
    [clip] = sealed.clips()
    clip.chmod(0o640)
    key_file.chmod(0o640)
    assert sealed("key", "rotate").code == 0
    assert [stat.S_IMODE(path.stat().st_mode) for path in (clip, key_file)] == [0o640, 0o640]


def test_recordings_in_lost_are_sealed_too(enrolled: Mynah, key_file: Path) -> None:
    [clip] = enrolled.clips()
    lost = enrolled.data / "lost"
    lost.mkdir()
    shutil.copy(clip, lost / f"{'a' * 64}.1.pickle.gz")
    assert "2 recordings" in enrolled("key", "seal").out
    [copy] = lost.iterdir()
    assert is_sealed(copy.read_bytes())


def test_data_whose_key_is_lost_can_be_erased(sealed: Mynah, key_file: Path) -> None:
    write_keys(key_file, [new_key()])
    assert sealed("erase", "--all", "--yes").code == 0
    assert sealed.clips() == []
