"""What may go wrong between the hub and the cache, and what is said of it."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.engines.chatterbox.hub.inventory import drop_damaged, look_up
from bot.speech.engines.chatterbox.hub.removal import remove
from bot.speech.models import MODELS, Model
from tests.chatterbox.fake_hub import FakeHub
from tests.chatterbox.hub.conftest import REPOSITORY, Serve, fetch, point_to

S3GEN = "s3gen.safetensors"


def test_a_model_that_needs_a_token_says_how_to_get_one(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated = True
    with pytest.raises(EngineDeadError, match=f"the page of {REPOSITORY}.* set HF_TOKEN to it"):
        fetch()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert fetch().name == MODELS["english"].revision


@pytest.mark.parametrize("status", [401, 403])
def test_a_hub_that_refuses_says_so(hub: FakeHub, status: int) -> None:
    hub.broken = status
    with pytest.raises(EngineDeadError, match="refuses your token"):
        fetch()


def test_the_token_stays_with_the_hub(
    hub: FakeHub, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with FakeHub(hub.directory).serving() as store:
        hub.elsewhere = store.endpoint.replace("127.0.0.1", "localhost")
        path = fetch() / S3GEN
    assert path.read_bytes() == (files / S3GEN).read_bytes()
    assert set(hub.tokens) == {"Bearer hf_secret"}
    assert set(store.tokens) == {None}


@pytest.mark.parametrize("name", MODELS["english"].files)
def test_a_file_that_the_hub_lacks_is_named(hub: FakeHub, files: Path, name: str) -> None:
    (files / name).unlink()
    with pytest.raises(EngineDeadError, match=rf"hub has no {name} in {REPOSITORY}"):
        fetch()


def test_several_files_in_place_of_one_are_named(hub: FakeHub, also: Serve) -> None:
    also("multilingual:pt-br")
    folder = hub.directory / "ResembleAI/Chatterbox-Multilingual-pt-br"
    (folder / "t3_pt_br.safetensors").rename(folder / "t3_old.safetensors")
    shutil.copy(folder / "t3_old.safetensors", folder / "t3_new.safetensors")
    told = r"not clear.*t3_new\.safetensors and t3_old\.safetensors all fit"
    with pytest.raises(EngineDeadError, match=told):
        fetch(model="multilingual:pt-br")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_hub_that_is_out_of_order_is_told(hub: FakeHub, status: int) -> None:
    hub.broken = status
    with pytest.raises(EngineDeadError, match=rf"could not be downloaded.*{status}.*try again"):
        fetch()


def test_a_hub_that_asks_to_wait_is_asked_again(hub: FakeHub, files: Path) -> None:
    hub.refusals[S3GEN] = [429]
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()


def test_a_hub_that_goes_on_asking_to_wait_is_told(hub: FakeHub) -> None:
    hub.broken = 429
    with pytest.raises(EngineDeadError, match=r"too many questions.*Wait.*HF_TOKEN"):
        fetch()


@pytest.mark.timeout(20)
@pytest.mark.usefixtures("hub")
def test_a_hub_that_cannot_be_reached_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    point_to(f"http://127.0.0.1:{port}", monkeypatch)
    with pytest.raises(EngineDeadError, match=r"ConnectError: .*Check the network connection"):
        fetch()


def test_the_hub_may_be_forbidden(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EngineDeadError, match="HF_HUB_OFFLINE"):
        fetch()
    assert hub.requests == []


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_that_is_too_small_is_told_before_anything_comes(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(10**9, 10**9, 5000))
    with pytest.raises(EngineDeadError, match=r"no room for the english.* GB are still to come"):
        fetch()
    assert not [request for request in hub.requests if "/resolve/" in request]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.usefixtures("hub")
def test_a_disk_that_fills_up_is_told(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(code, "no room")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", fail)
    with pytest.raises(EngineDeadError, match=r"no room for the english model in .*HF_HOME"):
        fetch()


@pytest.mark.usefixtures("hub")
def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EngineDeadError, match=r"cannot be written to .*cache .*set HF_HOME"):
        fetch()


def test_wrong_bytes_are_asked_for_once_more(hub: FakeHub, files: Path, folder: Path) -> None:
    hub.corrupt[S3GEN] = 1
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()
    assert hub.ranges_asked[S3GEN] == [0, 0]
    assert not list((folder / "blobs").glob("*.incomplete"))


@pytest.mark.parametrize("name", ["tokenizer.json", S3GEN])
def test_bytes_that_stay_wrong_are_told_and_not_kept(
    hub: FakeHub, files: Path, folder: Path, name: str
) -> None:
    (files / "tokenizer.json").write_bytes(b"{}")  # small: Git's checksum
    hub.corrupt[name] = 9
    with pytest.raises(EngineDeadError, match=f"{name} came with a wrong checksum 2 times.*Try"):
        fetch()
    assert hub.ranges_asked[name] == [0, 0]
    assert not list((folder / "snapshots").glob(f"*/{name}"))
    hub.corrupt.clear()
    assert (fetch() / name).read_bytes() == (files / name).read_bytes()


def test_files_in_xet_storage_come_by_plain_http(hub: FakeHub, files: Path) -> None:
    hub.xet = True  # with a hash that hf_xet cannot parse
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()


def refuse(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system", "there")


@pytest.mark.parametrize("work", [remove, drop_damaged])
@pytest.mark.usefixtures("hub")
def test_a_cache_that_cannot_be_changed_is_told_and_keeps_all(
    work: Callable[[Model], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch() / S3GEN
    path.resolve().write_bytes(b"damaged")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(EngineDeadError, match=r"english model in .* \(there: Read-only file"):
            work(MODELS["english"])
    assert look_up(MODELS["english"]).complete


@pytest.mark.usefixtures("hub")
def test_a_cache_that_cannot_be_read_is_told_of_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch()
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert "Read-only file system" in look_up(MODELS["english"]).problem
    with pytest.raises(EngineDeadError, match=r"cannot be used \(there: .*set HF_HOME"):
        fetch()


@pytest.mark.usefixtures("hub")
def test_a_revision_that_cannot_be_noted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.files.tempfile.mkstemp", refuse)
    with pytest.raises(EngineDeadError, match=r"cannot be written to .*Read-only file system"):
        fetch_model(MODELS["english"], lambda _progress: None, newest=True)
