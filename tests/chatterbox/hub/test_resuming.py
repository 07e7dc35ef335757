"""A download that broke off goes on where it stopped: in the same process, and in the next one."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.load_progress import LoadProgress
from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import FakeHub, checksum
from tests.chatterbox.hub.conftest import fetch, point_to

S3GEN = "s3gen.safetensors"


def begin(folder: Path, files: Path, content: bytes) -> Path:
    """What a process that was killed left of a file."""
    part = folder / "blobs" / f"{checksum(files / S3GEN)}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    return part


def test_a_broken_transfer_is_continued_where_it_ended(hub: FakeHub, files: Path) -> None:
    hub.drops[S3GEN] = 1000
    told: list[LoadProgress] = []
    directory = fetch(told)
    assert (directory / S3GEN).read_bytes() == (files / S3GEN).read_bytes()
    assert hub.ranges_asked[S3GEN] == [0, 1000]
    assert told[-1].done_bytes == told[-1].total_bytes


def test_what_is_complete_is_not_downloaded_again(hub: FakeHub) -> None:
    hub.lost = {S3GEN}
    with pytest.raises(EngineDeadError, match="Check the network connection and try again"):
        fetch()
    hub.lost.clear()
    hub.requests.clear()
    told: list[LoadProgress] = []
    fetch(told)
    assert told[-1].complete
    assert not [request for request in hub.requests if "ve.safetensors" in request]


def test_another_process_goes_on_where_one_was_killed(
    hub: FakeHub, files: Path, folder: Path
) -> None:
    content = (files / S3GEN).read_bytes()
    begin(folder, files, content[:700])
    told: list[LoadProgress] = []
    assert (fetch(told) / S3GEN).read_bytes() == content
    assert hub.ranges_asked[S3GEN] == [700]
    assert told[0].done_bytes == 700
    assert [now.done_bytes for now in told] == sorted(now.done_bytes for now in told)


def test_a_whole_part_needs_no_transfer(hub: FakeHub, files: Path, folder: Path) -> None:
    begin(folder, files, (files / S3GEN).read_bytes())
    assert (fetch() / S3GEN).is_file()
    assert S3GEN not in hub.ranges_asked


@pytest.mark.parametrize("content", [b"wrong" * 100, b"far too long" * 1000])
def test_a_part_of_something_else_is_replaced(
    hub: FakeHub, files: Path, folder: Path, content: bytes
) -> None:
    begin(folder, files, content)
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()


def test_a_hub_that_begins_anew_is_followed(hub: FakeHub, files: Path, folder: Path) -> None:
    hub.ranges = False
    begin(folder, files, (files / S3GEN).read_bytes()[:700])
    told: list[LoadProgress] = []
    assert (fetch(told) / S3GEN).read_bytes() == (files / S3GEN).read_bytes()
    assert told[-1].done_bytes == told[-1].total_bytes


def test_a_hub_that_falls_silent_is_asked_for_the_rest(
    hub: FakeHub, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.3)
    hub.stalls[S3GEN] = 1.0
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()
    assert hub.ranges_asked[S3GEN][1] > 0


def fetch_from(endpoint: str, cache: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", cache)
        point_to(endpoint, monkeypatch)
        fetch()


def test_a_process_that_is_killed_leaves_what_it_had(
    hub: FakeHub, files: Path, folder: Path
) -> None:
    hub.stalls[S3GEN] = 30.0
    child = multiprocessing.get_context("spawn").Process(
        target=fetch_from, args=(hub.endpoint, str(folder.parent))
    )
    child.start()
    part = folder / "blobs" / f"{checksum(files / S3GEN)}.incomplete"
    waited = threading.Event()
    for _ in range(600):
        if part.exists() and hub.ranges_asked.get(S3GEN):
            break
        waited.wait(0.1)
    child.kill()
    child.join()
    hub.stalls.clear()
    assert part.exists()
    assert (fetch() / S3GEN).read_bytes() == (files / S3GEN).read_bytes()


def test_two_processes_download_a_file_once(hub: FakeHub, folder: Path) -> None:
    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(asked) == 1 for asked in hub.ranges_asked.values())
    assert not list((folder / "blobs").glob("*.incomplete"))
    assert [p.name for p in (folder / "snapshots").iterdir()] == [MODELS["english"].revision]
