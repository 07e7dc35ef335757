"""Downloading a model from a hub on loopback: what comes, where it goes, what is told of it."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.speech.engine_client import EngineClient
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.load_progress import LoadProgress
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel
from tests.chatterbox.fake_hub import FakeHub, checksum
from tests.chatterbox.hub.conftest import Serve, fetch
from tests.chatterbox.shrunk import open_shrunk


def test_what_the_model_needs_is_downloaded_and_nothing_else(hub: FakeHub, files: Path) -> None:
    directory = fetch()
    assert {path.name for path in directory.iterdir()} == set(MODELS["english"].files)
    for path in directory.iterdir():
        assert path.read_bytes() == (files / path.name).read_bytes()


def test_it_is_where_every_program_with_the_hubs_library_finds_it(files: Path) -> None:
    from huggingface_hub import try_to_load_from_cache

    path = fetch() / "ve.safetensors"
    revision = MODELS["english"].revision
    found = try_to_load_from_cache("ResembleAI/chatterbox", path.name, revision=revision)
    assert found == str(path)
    assert path.resolve().name == checksum(files / path.name)


def test_a_model_of_two_repositories_comes_from_both(hub: FakeHub, also: Serve) -> None:
    also("multilingual:pt-br")
    model = MODELS["multilingual:pt-br"]
    directories = fetch_model(model, lambda _progress: None)
    assert [directory.name for directory in directories] == [s.revision for s in model.sources]
    names = {path.name for directory in directories for path in directory.iterdir()}
    assert names >= set(model.files)
    assert fetch_model(model, lambda _progress: None) == directories


def test_what_another_model_fetched_is_not_downloaded_again(
    hub: FakeHub, files: Path, also: Serve
) -> None:
    fetch(model="english")
    also("multilingual")
    (hub.directory / "ResembleAI/chatterbox" / "s3gen.pt").unlink()
    os.link(
        *(hub.directory / "ResembleAI/chatterbox" / f"s3gen.{x}" for x in ("safetensors", "pt"))
    )
    hub.requests.clear()
    told: list[LoadProgress] = []
    fetch(told, "multilingual")
    assert not [r for r in hub.requests if r.startswith("GET") and "s3gen" in r]
    assert told[-1].complete


def test_progress_counts_bytes_and_files_up_to_the_whole(files: Path) -> None:
    told: list[LoadProgress] = []
    fetch(told)
    total = sum((files / name).stat().st_size for name in MODELS["english"].files)
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


def test_a_name_whose_content_is_gone_is_fetched_again(files: Path) -> None:
    path = fetch() / "ve.safetensors"
    path.resolve().unlink()
    fetch()
    assert path.read_bytes() == (files / path.name).read_bytes()


def test_a_list_without_sizes_and_checksums_is_enough(hub: FakeHub, files: Path) -> None:
    hub.bare = True  # some mirrors
    told: list[LoadProgress] = []
    path = fetch(told) / "t3_cfg.safetensors"
    assert path.resolve().name == checksum(files / path.name)
    assert told[-1].done_bytes == told[-1].total_bytes > 0


def test_what_killed_downloads_left_is_removed(folder: Path) -> None:
    blobs = folder / "blobs"
    blobs.mkdir(parents=True)
    abandoned, fresh = blobs / "a.0123abcd.incomplete", blobs / "b.0123abcd.incomplete"
    abandoned.touch()
    fresh.touch()
    os.utime(abandoned, (0, 0))
    fetch()
    assert (abandoned.exists(), fresh.exists()) == (False, True)


def test_a_command_shows_the_download_in_lines_of_its_own(
    checkpoint: Callable[[ChatterboxModel], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "bot.engines.EngineClient", functools.partial(EngineClient, open_engine=open_shrunk)
    )
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    with FakeHub(checkpoint("english")).serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        code = run(["check", "--offline"])
    out, err = capfd.readouterr()
    assert code == 0, out
    lines = err.splitlines()
    download = [line for line in lines if line.startswith("Downloading the english model: ")]
    assert re.fullmatch(r".*: (\d+\.\d) of \1 MB \.\.\.", download[-1])
    begin = lines.index("Checking engine ...")
    expected = [*download, "Loading the engine ...", "Checking codecs ..."]
    assert lines[begin + 1 :][: len(expected)] == expected


def fetch_whole(model: ChatterboxModel) -> Path:
    return fetch_model(MODELS[model], lambda _progress: None, whole=True)[0]


def test_what_only_chinese_needs_comes_with_an_explicit_fetch(hub: FakeHub, also: Serve) -> None:
    also("multilingual")
    path = fetch(model="multilingual") / "Cangjie5_TC.json"
    content = path.read_bytes()
    path.resolve().unlink()
    path.unlink()
    hub.requests.clear()
    fetch(model="multilingual")
    assert (hub.requests, path.exists()) == ([], False)
    fetch_whole("multilingual")
    assert path.read_bytes() == content
    assert sum("/resolve/" in request for request in hub.requests) == 1
    hub.requests.clear()
    fetch_whole("multilingual")
    assert hub.requests == []


@pytest.mark.parametrize("broken", [None, 500])
def test_what_the_hub_does_not_give_of_it_is_no_failure(
    hub: FakeHub, also: Serve, broken: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    also("turbo")
    for name in ("added_tokens.json", "special_tokens_map.json"):
        (hub.directory / "ResembleAI/chatterbox-turbo" / name).unlink()
    directory = fetch_whole("turbo")
    hub.broken = broken
    assert fetch_whole("turbo") == directory
    told = "added_tokens.json, special_tokens_map.json of the turbo model could not be fetched"
    assert (told in caplog.text) is (broken is not None)
