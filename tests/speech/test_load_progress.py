"""How far a download is, from the worker's file to a line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.speech.load_progress import LoadProgress, Milestones, ProgressFile, watching


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(done: int, total: int = 2_000_000_000) -> LoadProgress:
    return LoadProgress("english", done, total, done_files=int(done == total), total_files=1)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (progress(1_234_000_000), "Downloading the english model: 1.2 of 2.0 GB ..."),
        (progress(500_000, 12_300_000), "Downloading the english model: 0.5 of 12.3 MB ..."),
    ],
)
def test_it_reads_as_a_line(state: LoadProgress, text: str) -> None:
    assert str(state) == text


def test_it_is_written_once_a_second_and_when_complete(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "progress.json"
    tell = ProgressFile(path, clock)
    tell(progress(1))
    first = path.read_bytes()
    tell(progress(2))
    assert path.read_bytes() == first
    clock.now += 1.0
    tell(progress(3))
    second = path.read_bytes()
    tell(progress(2_000_000_000))
    assert len({first, second, path.read_bytes()}) == 3


def test_it_is_no_error_that_nobody_listens(tmp_path: Path) -> None:
    ProgressFile(None)(progress(1))
    ProgressFile(tmp_path / "gone" / "progress.json")(progress(1))


async def test_the_watcher_is_told_each_state_once_and_the_last_one_always() -> None:
    told: list[LoadProgress] = []
    seen = asyncio.Event()

    def listen(state: LoadProgress) -> None:
        told.append(state)
        seen.set()

    async with watching(listen) as path:
        ProgressFile(path)(progress(5))
        await seen.wait()
        ProgressFile(path)(progress(6))
    assert told == [progress(5), progress(6)]
    assert not path.parent.exists()


async def test_the_file_goes_when_loading_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        async with watching(lambda _state: None) as path:
            raise ZeroDivisionError
    assert not path.parent.exists()


def test_a_tenth_more_or_half_a_minute_is_a_milestone() -> None:
    clock = Clock()
    milestones = Milestones(clock)
    shares = [0, 5, 10, 19, 21, 99, 100]
    reached = [share for share in shares if milestones.reached(progress(share, 100))]
    assert reached == [0, 10, 21, 99, 100]
    clock.now += 30
    assert milestones.reached(progress(100, 100))


async def test_without_room_for_a_temporary_file_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    told: list[LoadProgress] = []
    async with watching(told.append) as path:
        assert path is None
    assert told == []
