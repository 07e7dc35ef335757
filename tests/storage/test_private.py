"""What is stored is for this user only, whatever the umask."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.data_directory import log_open, told_open
from bot.files import write_whole
from bot.operations.backup import make_backup
from storage.backups.restoring import BackupReader
from storage.clips import clip_path, write_clip
from storage.key_file import create_key_file, new_key
from storage.private import make_private_directory, open_private, open_to_others
from storage.reserve import Reserve
from storage.rotation import begin_rotation
from storage.sealing import NO_KEYS, KeyRing
from storage.voices import VoiceStore
from tests.storage.conftest import add, make_clip
from tests.storage.sealed import add_with_evidence, reseal


@pytest.fixture(params=[0o000, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that others may look into; pytest's are closed."""
    with tempfile.TemporaryDirectory(prefix="mynah-open-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def modes(directory: Path) -> dict[str, int]:
    return {str(p.relative_to(directory)): stat.S_IMODE(p.stat().st_mode) for p in tree(directory)}


def tree(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        yield path
        if path.is_dir():
            yield from tree(path)


async def test_all_that_is_stored_is_private(tmp_path: Path, umask: int) -> None:
    key_file, directory = tmp_path / "mynah.key", tmp_path / "new" / "data"
    create_key_file(key_file, [new_key()])
    async with VoiceStore.open(directory, KeyRing.from_file(key_file)) as store:
        await add_with_evidence(store)
        await store.delete((await add(store, "Bob", seed=5)).id)
        write_clip(clip_path(directory / "clips", "0" * 64), make_clip(9))  # of no voice: to lost/
        await store.check()
        await begin_rotation(store, key_file)
        await reseal(store)
        found = modes(tmp_path)
    write_whole(tmp_path / "export.zip", b"what a member is given")
    make_backup(directory, tmp_path / "backup", lambda done, total: None)
    with (tmp_path / "backup").open("rb") as file:
        BackupReader(file, NO_KEYS).restore(directory, lambda count: None, replace=True)
    found |= modes(tmp_path)
    assert {"new/data/mynah.db-wal", "new/data/mynah.db-shm", "new/data/reserve.bin"} <= set(found)
    assert len(list((directory / "lost").iterdir())) == 1
    directories = {name for name in found if (tmp_path / name).is_dir()}
    wrong = {
        name: oct(mode)
        for name, mode in found.items()
        if mode != (0o700 if name in directories else 0o600)
    }
    assert wrong == {}


async def test_one_who_is_not_root_can_read_what_they_wrote(open_place: Path) -> None:
    if os.geteuid() == 0:
        os.chown(open_place, 65534, 65534)
        os.seteuid(65534)
    before = os.umask(0o777)
    try:
        async with VoiceStore.open(open_place / "new" / "data") as store:
            voice = await add(store, "Anna")
            assert (await store.load_clip(voice)).sha256 == make_clip().sha256
    finally:
        os.umask(before)
        os.seteuid(os.getuid())


def test_what_is_there_keeps_its_mode(tmp_path: Path) -> None:
    shared, file = tmp_path / "shared", tmp_path / "file"
    shared.mkdir()
    shared.chmod(0o770)
    file.touch()
    file.chmod(0o640)
    make_private_directory(shared)
    os.close(open_private(file))
    assert modes(tmp_path) == {"shared": 0o770, "file": 0o640}


def test_a_reserve_that_is_made_anew_is_private(tmp_path: Path, umask: int) -> None:
    Reserve(tmp_path).keep()
    assert modes(tmp_path) == {"reserve.bin": 0o600}


def test_a_file_in_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(NotADirectoryError):
        make_private_directory(tmp_path / "data")
    with pytest.raises(NotADirectoryError):
        make_private_directory(tmp_path / "data" / "clips")


@pytest.mark.parametrize(
    ("above", "mode", "may"),
    [
        (0o755, 0o755, "read"),
        (0o755, 0o777, "write"),
        (0o755, 0o702, "write"),
        (0o755, 0o750, None),
        (0o755, 0o700, None),
        (0o700, 0o777, None),
        (0o750, 0o755, None),
    ],
)
def test_what_others_may_do_depends_on_what_is_above(
    open_place: Path, above: int, mode: int, may: str | None
) -> None:
    directory = open_place / "above" / "data"
    directory.mkdir(parents=True)
    directory.chmod(mode)
    directory.parent.chmod(above)
    assert open_to_others(directory) == may


def test_it_is_said_how_to_close_it(open_place: Path, caplog: pytest.LogCaptureFixture) -> None:
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    log_open(open_place)
    told = (
        f"Others on this machine may read the data directory {open_place}: chmod 700 {open_place}"
    )
    assert told_open(open_place) == told
    assert told in caplog.text
    open_place.chmod(0o700)
    assert told_open(open_place) is None
    caplog.clear()
    log_open(open_place)
    assert not caplog.records
