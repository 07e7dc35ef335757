"""Removing a model frees what no other needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.engines.chatterbox.hub.inventory import look_up
from bot.speech.engines.chatterbox.hub.removal import plan_removal, remove
from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import FakeHub
from tests.chatterbox.hub.conftest import Serve, fetch

ENGLISH, V3, V2 = MODELS["english"], MODELS["multilingual"], MODELS["multilingual-v2"]


def disk(folder: Path) -> int:
    return sum(path.lstat().st_size for path in (folder / "blobs").glob("*"))


def test_a_model_alone_goes_as_a_whole(folder: Path) -> None:
    fetch()
    before = disk(folder)
    removal = remove(ENGLISH)
    assert (removal.freed_bytes, removal.kept) == (before, {})
    assert set(removal.files) == set(ENGLISH.files)
    assert not folder.exists()


@pytest.mark.usefixtures("hub")
def test_a_plan_removes_nothing() -> None:
    fetch()
    plan = plan_removal(ENGLISH)
    assert look_up(ENGLISH).complete
    assert remove(ENGLISH) == plan


def test_what_another_model_needs_stays(also: Serve, folder: Path) -> None:
    also("multilingual")
    also("multilingual-v2")
    fetch(model="multilingual")
    fetch(model="multilingual-v2")
    before = disk(folder)
    removal = remove(V2)
    assert removal.files == (V2.t3,)
    assert removal.freed_bytes == before - disk(folder) > 0
    assert removal.kept["s3gen.pt"] == ("multilingual",)
    assert look_up(V3).complete
    assert not look_up(V2).complete
    assert remove(V3).kept == {}
    assert not folder.exists()


def test_equal_contents_stay_for_the_other_name(files: Path, also: Serve) -> None:
    also("multilingual")
    (files / "s3gen.pt").write_bytes((files / "s3gen.safetensors").read_bytes())
    fetch()
    fetch(model="multilingual")
    remove(ENGLISH)
    assert look_up(V3).complete


def test_a_pack_leaves_what_the_models_of_the_base_need(also: Serve, folder: Path) -> None:
    also("multilingual")
    also("multilingual:pt-br")
    pack = MODELS["multilingual:pt-br"]
    fetch(model="multilingual")
    own = fetch(model=pack.name).parents[1]
    removal = remove(pack)
    assert removal.kept == {"ve.pt": ("multilingual",)}
    assert not own.exists()
    assert look_up(V3).complete
    assert folder.exists()


def test_an_incomplete_model_needs_nothing(hub: FakeHub, also: Serve, folder: Path) -> None:
    also("multilingual")
    hub.lost = {V3.t3}
    with pytest.raises(EngineDeadError):
        fetch(model="multilingual")
    also("multilingual-v2")
    fetch(model="multilingual-v2")
    remove(V2)
    assert not folder.exists()


def test_what_another_program_fetched_at_its_revision_stays(hub: FakeHub, folder: Path) -> None:
    fetch()
    other = folder / "snapshots" / hub.newest / "ve.safetensors"
    other.parent.mkdir()
    other.symlink_to((fetch() / "ve.safetensors").resolve())
    removal = remove(ENGLISH)
    assert other.is_file()
    assert removal.freed_bytes > 0
    assert not look_up(ENGLISH).complete


@pytest.mark.usefixtures("hub")
def test_what_broke_off_goes_too(folder: Path) -> None:
    fetch()
    part = folder / "blobs" / f"{'a' * 64}.incomplete"
    part.write_bytes(b"x" * 50)
    assert remove(ENGLISH).freed_bytes > 50
    assert not part.exists()


@pytest.mark.usefixtures("hub")
def test_what_another_process_downloads_now_stays(folder: Path) -> None:
    from huggingface_hub.utils import WeakFileLock

    from bot.speech.engines.chatterbox.hub.repository import CachedRepository

    fetch()
    part = folder / "blobs" / f"{'a' * 64}.incomplete"
    part.write_bytes(b"x" * 50)
    with WeakFileLock(CachedRepository(ENGLISH.sources[0]).lock("a" * 64)):
        remove(ENGLISH)
    assert part.exists()


def test_the_newest_goes_too_and_the_table_counts_again(hub: FakeHub, folder: Path) -> None:
    fetch()
    fetch_model(ENGLISH, lambda _progress: None, newest=True)
    remove(ENGLISH)
    assert fetch().name == ENGLISH.revision
    assert hub.newest not in [path.name for path in (folder / "snapshots").iterdir()]


@pytest.mark.usefixtures("hub")
def test_nothing_to_remove_is_no_error() -> None:
    removal = remove(ENGLISH)
    assert (removal.files, removal.freed_bytes) == ((), 0)
