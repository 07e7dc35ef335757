"""What is noticed of commits, by whichever process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.commit_watch import CommitWatch
from loopback import wait_until
from storage.errors import StorageError
from storage.voices import VoiceStore
from tests.storage.conftest import add


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commit_watch.LOOK_SECONDS", 0.01)


async def test_a_commit_of_another_process_is_told_once(store: VoiceStore, tmp_path: Path) -> None:
    voice = await add(store, "Anna")
    looks: list[int] = []
    told: list[int] = []

    async def version() -> int:
        looks.append(await store.version())
        return looks[-1]

    async def note() -> None:
        told.append(looks[-1])

    commits = CommitWatch(version)
    commits.subscribe(note)
    async with VoiceStore.open(tmp_path) as other, commits.running():
        await wait_until(lambda: len(told) == 1, 10, "the first look")
        await other.rename(voice.id, "Berta")
        await wait_until(lambda: len(told) == 2, 10, "the commit")
        seen = len(looks)
        await wait_until(lambda: len(looks) > seen + 1, 10, "further looks")
    assert told == sorted(set(looks))


async def test_who_failed_is_told_again_and_keeps_nothing_from_the_others() -> None:
    asked: list[str] = []

    async def version() -> int:
        if len(asked) == 2:
            asked.append("locked")
            raise StorageError("locked")
        return 1

    async def fail() -> None:
        asked.append("failing")
        if asked.count("failing") == 1:
            raise RuntimeError("a fault of its own")

    async def note() -> None:
        asked.append("other")

    commits = CommitWatch(version)
    commits.subscribe(fail)
    commits.subscribe(note)
    with capture_logs() as lines:
        async with commits.running():
            await wait_until(lambda: len(asked) >= 5, 10, "the second look")
    assert asked == ["failing", "other", "locked", "failing", "other"]
    assert [each["log_level"] for each in lines] == ["error"]


async def test_nothing_looks_any_more_when_the_block_ends() -> None:
    commits = CommitWatch(lambda: asyncio.sleep(0, 1))
    async with commits.running():
        assert any(task.get_name() == "commit-watch" for task in asyncio.all_tasks())
    assert not any(task.get_name() == "commit-watch" for task in asyncio.all_tasks())
