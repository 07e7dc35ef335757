"""Downloading a model from a hub on loopback: progress, the cache, and what may go wrong."""

from __future__ import annotations

import functools
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.errors import EngineDeadError
from bot.speech.engine_client import EngineClient
from bot.speech.engines.chatterbox.download import fetch_model
from bot.speech.engines.chatterbox.files import ModelFiles
from bot.speech.load_progress import LoadProgress
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel
from tests.chatterbox.fake_hub import COMMIT, FakeHub
from tests.chatterbox.shrunk import open_shrunk

REPOSITORY = "ResembleAI/chatterbox"
SIZE = 3000


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with all files of the English model and one that nobody needs; an empty cache."""
    served = tmp_path / "served"
    served.mkdir()
    for name in (*MODELS["english"].files, "conds.pt"):
        (served / name).write_bytes(name.encode() * (SIZE // len(name)))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with FakeHub(served).serving() as hub:
        point_to(hub.endpoint, monkeypatch)
        yield hub


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does, which is read at import."""
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


def fetch(told: list[LoadProgress] | None = None, model: ChatterboxModel = "english") -> Path:
    tell = (told if told is not None else []).append
    return fetch_model(model, REPOSITORY, ModelFiles(MODELS[model], MODELS[model].sources[0]), tell)


def test_what_the_model_needs_is_downloaded_and_nothing_else(hub: FakeHub) -> None:
    directory = fetch()
    assert {path.name for path in directory.iterdir()} == set(MODELS["english"].files)
    for path in directory.iterdir():
        assert path.read_bytes() == (hub.directory / path.name).read_bytes()


def test_progress_counts_bytes_and_files_up_to_the_whole(hub: FakeHub) -> None:
    told: list[LoadProgress] = []
    fetch(told)
    total = sum((hub.directory / name).stat().st_size for name in MODELS["english"].files)
    assert told[0] == LoadProgress("english", 0, total, 0, 4)
    assert told[-1] == LoadProgress("english", total, total, 4, 4)
    assert [now.done_bytes for now in told] == sorted(now.done_bytes for now in told)
    assert not any(now.complete for now in told[:-1])


def test_nothing_is_drawn(hub: FakeHub, capfd: pytest.CaptureFixture[str]) -> None:
    hub.drops["s3gen.safetensors"] = 100
    fetch()
    assert capfd.readouterr() == ("", "")


def test_a_complete_model_is_loaded_without_asking_the_hub(hub: FakeHub) -> None:
    first = fetch()
    hub.requests.clear()
    told: list[LoadProgress] = []
    assert fetch(told) == first
    assert (hub.requests, told) == ([], [])


def test_a_broken_transfer_is_continued_where_it_ended(hub: FakeHub) -> None:
    hub.drops["s3gen.safetensors"] = 1000
    told: list[LoadProgress] = []
    directory = fetch(told)
    served = hub.directory / "s3gen.safetensors"
    assert (directory / served.name).read_bytes() == served.read_bytes()
    assert told[-1].done_bytes == told[-1].total_bytes


def test_what_is_complete_is_not_downloaded_again(hub: FakeHub) -> None:
    hub.lost = {"s3gen.safetensors"}
    with pytest.raises(EngineDeadError, match="Check the network connection and try again"):
        fetch()
    hub.lost.clear()
    hub.requests.clear()
    told: list[LoadProgress] = []
    fetch(told)
    assert told[-1].complete
    assert not [request for request in hub.requests if "ve.safetensors" in request]


def test_what_killed_downloads_left_is_removed(hub: FakeHub, tmp_path: Path) -> None:
    blobs = tmp_path / "cache" / "models--ResembleAI--chatterbox" / "blobs"
    blobs.mkdir(parents=True)
    abandoned, fresh = blobs / "a.incomplete", blobs / "b.incomplete"
    abandoned.touch()
    fresh.touch()
    os.utime(abandoned, (0, 0))
    fetch()
    assert (abandoned.exists(), fresh.exists()) == (False, True)


def test_a_model_that_needs_a_token_says_how_to_get_one(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated = True
    with pytest.raises(EngineDeadError, match=f"the page of {REPOSITORY}.* set HF_TOKEN to it"):
        fetch()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert fetch().name == COMMIT


def test_a_file_that_the_hub_lacks_is_named(hub: FakeHub) -> None:
    (hub.directory / "t3_cfg.safetensors").unlink()
    with pytest.raises(EngineDeadError, match=r"has no t3_cfg\.safetensors in ResembleAI"):
        fetch()


@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_that_is_out_of_order_is_told(hub: FakeHub, status: int) -> None:
    hub.broken = status
    with pytest.raises(EngineDeadError, match=rf"could not be downloaded.*{status}.*try again"):
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


def test_a_full_disk_is_told(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    assert hub
    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    with pytest.raises(EngineDeadError, match=r"no room for the english model in .*HF_HOME"):
        fetch()


def test_a_command_shows_the_download_in_lines_of_its_own(
    checkpoint: Callable[[ChatterboxModel], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "bot.app.EngineClient", functools.partial(EngineClient, open_engine=open_shrunk)
    )
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    with FakeHub(checkpoint("english")).serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        code = run(["check"])
    out, err = capfd.readouterr()
    assert code == 0, out
    lines = err.splitlines()
    download = [line for line in lines if line.startswith("Downloading the english model: ")]
    assert re.fullmatch(r".*: (\d+\.\d) of \1 MB \.\.\.", download[-1])
    begin = lines.index("Checking engine ...")
    expected = [*download, "Loading the engine ...", "Checking codecs ..."]
    assert lines[begin + 1 :] == expected
