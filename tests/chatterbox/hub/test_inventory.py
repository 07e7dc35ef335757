"""What the cache has of the models, and whether it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.inventory import drop_damaged, look_up, verify
from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import FakeHub
from tests.chatterbox.hub.conftest import Serve, fetch

ENGLISH = MODELS["english"]


def states() -> dict[str, str]:
    return {file.name: file.state for file in verify(ENGLISH)}


@pytest.mark.usefixtures("hub")
def test_nothing_is_there_at_first(folder: Path) -> None:
    stored = look_up(ENGLISH)
    assert (stored.complete, stored.stored_bytes, stored.unfinished_bytes) == (False, 0, 0)
    assert stored.revisions == {ENGLISH.repository: ENGLISH.revision}
    assert verify(ENGLISH) == ()
    assert not folder.exists()


def test_a_complete_model_is_known_with_its_size(files: Path) -> None:
    directory = fetch()
    stored = look_up(ENGLISH)
    assert stored.complete
    assert stored.stored_bytes == sum((files / name).stat().st_size for name in ENGLISH.files)
    assert stored.directory == str(directory)


def test_a_broken_download_counts_what_is_there(hub: FakeHub, folder: Path) -> None:
    hub.lost = {"s3gen.safetensors"}
    with pytest.raises(EngineDeadError):
        fetch()
    (folder / "blobs" / f"{'a' * 64}.incomplete").write_bytes(b"x" * 123)
    stored = look_up(ENGLISH)
    assert not stored.complete
    assert stored.stored_bytes > 0
    assert stored.unfinished_bytes == 123


def test_the_revision_of_the_first_download_is_told(hub: FakeHub, also: Serve) -> None:
    model = next(m for m in MODELS.values() if m.revision == "main")
    assert look_up(model).revisions[model.repository] is None
    also(model.name)
    fetch(model=model.name)
    assert look_up(model).revisions[model.repository] == hub.newest


def test_what_is_as_published_is_ok(files: Path) -> None:
    (files / "tokenizer.json").write_bytes(b"{}")  # small: Git's checksum
    fetch()
    assert states() == dict.fromkeys(ENGLISH.files, "ok")


@pytest.mark.parametrize("name", ENGLISH.files)
@pytest.mark.usefixtures("hub")
def test_what_changed_on_the_disk_is_damaged(name: str) -> None:
    path = fetch() / name
    content = bytearray(path.read_bytes())
    content[7] ^= 1
    path.resolve().write_bytes(content)
    assert states() == {**dict.fromkeys(ENGLISH.files, "ok"), name: "damaged"}


@pytest.mark.usefixtures("hub")
def test_what_was_cut_off_is_damaged() -> None:
    path = fetch() / "ve.safetensors"
    path.resolve().write_bytes(path.read_bytes()[:-1])
    assert states()["ve.safetensors"] == "damaged"


@pytest.mark.usefixtures("hub")
def test_a_copy_without_a_checksum_cannot_be_checked() -> None:
    path = fetch() / "ve.safetensors"
    content = path.resolve()
    path.unlink()
    shutil.move(content, path)
    assert states()["ve.safetensors"] == "unknown"


def in_shared_store(path: Path, store: Path) -> Path:
    """Move a content where huggingface_hub may share it, under its Xet hash."""
    store.mkdir()
    shared, content = store / ("e" * 64), path.resolve()
    shutil.move(content, shared)
    content.symlink_to(shared)
    return shared


@pytest.mark.usefixtures("hub")
def test_a_content_in_a_store_of_the_hubs_library_has_its_own_checksum(tmp_path: Path) -> None:
    path = fetch() / "ve.safetensors"
    shared = in_shared_store(path, tmp_path / "store")
    assert states()["ve.safetensors"] == "ok"
    shared.write_bytes(b"damaged")
    assert drop_damaged(ENGLISH) == ["ve.safetensors"]
    assert shared.exists()  # other repositories have it, too


def test_what_is_damaged_is_dropped_and_comes_again(hub: FakeHub, files: Path) -> None:
    path = fetch() / "s3gen.safetensors"
    path.resolve().write_bytes(b"damaged")
    assert drop_damaged(ENGLISH) == ["s3gen.safetensors"]
    assert not look_up(ENGLISH).complete
    hub.requests.clear()
    fetch()
    assert path.read_bytes() == (files / path.name).read_bytes()
    assert sum("/resolve/" in request for request in hub.requests) == 1
