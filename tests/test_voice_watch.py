"""What is noticed of voices that change while they are in use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bot.commit_watch import CommitWatch
from bot.errors import UserError
from bot.voice_watch import VoiceChange, VoiceChangeKind, VoiceWatch
from loopback import wait_until
from storage.access import SharingChange
from storage.errors import StorageError
from storage.reach import ReachStore
from storage.types import NewVoice, VoiceProfile, VoiceState
from storage.voices import VoiceStore
from tests.storage.conftest import add, make_clip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def changes() -> list[VoiceChange]:
    return []


@pytest.fixture
def commits(store: VoiceStore) -> CommitWatch:
    return CommitWatch(store.version)


@pytest.fixture
def watch(store: VoiceStore, commits: CommitWatch, changes: list[VoiceChange]) -> VoiceWatch:
    watch = VoiceWatch(store, commits)

    async def note(change: VoiceChange) -> None:
        changes.append(change)

    watch.subscribe(note)
    return watch


def deletion_of(voice: VoiceProfile) -> VoiceChange:
    return VoiceChange(voice.id, voice.clip_sha256, VoiceChangeKind.DELETED)


async def test_a_look_tells_of_each_change_once(
    store: VoiceStore, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    gone, other, same = [await add(store, name, seed=n) for n, name in enumerate(("A", "B", "C"))]
    for voice in (gone, other, same):
        watch.use(voice)
    await store.delete(gone.id)
    await store.replace(other.id, make_clip(9), pitch_hz=None, quality=None)
    await watch.look()
    await watch.look()
    other_change = VoiceChange(other.id, other.clip_sha256, VoiceChangeKind.RECORDING)
    assert changes == [deletion_of(gone), other_change]


async def test_a_voice_that_comes_into_use_during_a_look_is_not_taken_for_deleted(
    store: VoiceStore,
    watch: VoiceWatch,
    changes: list[VoiceChange],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = await add(store, "A", seed=1), await add(store, "B", seed=2)
    read = store.states

    async def read_while_another_is_used(voice_ids: Sequence[int]) -> dict[int, VoiceState]:
        hashes = await read(voice_ids)
        watch.use(second)
        return hashes

    monkeypatch.setattr(store, "states", read_while_another_is_used)
    watch.use(first)
    await watch.look()
    assert changes == []
    await store.delete(second.id)
    await watch.look()
    assert changes == [deletion_of(second)]


async def test_what_a_database_that_failed_did_not_tell_is_told_by_the_next_look(
    store: VoiceStore,
    commits: CommitWatch,
    watch: VoiceWatch,
    changes: list[VoiceChange],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    voice = await add(store, "A")
    watch.use(voice)
    await store.delete(voice.id)
    with monkeypatch.context() as patch:
        patch.setattr(store, "states", AsyncMock(side_effect=StorageError("locked")))
        await watch.try_look()
    assert changes == []
    async with commits.running():  # nothing was committed since
        await wait_until(lambda: changes == [deletion_of(voice)], 10, "the change")


async def test_a_subscriber_that_fails_keeps_nothing_from_the_others(
    store: VoiceStore, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    async def fail(_change: VoiceChange) -> None:
        raise RuntimeError("a fault of its own")

    end = watch.subscribe(fail)
    watch.subscribe(AsyncMock(side_effect=changes.append))
    voice = await add(store, "A")
    watch.use(voice)
    await store.delete(voice.id)
    await watch.look()
    assert changes == [deletion_of(voice)] * 2
    end()


async def test_who_asks_for_a_deleted_voice_has_the_others_told(
    store: VoiceStore, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    voice = await add(store, "A")
    watch.use(voice)
    assert (await watch.current(voice)).id == voice.id
    await store.delete(voice.id)
    with pytest.raises(UserError, match="was deleted"):
        await watch.current(voice)
    await wait_until(lambda: changes == [deletion_of(voice)], 10, "the change")


async def test_pauses_and_changes_of_reach_are_told(
    store: VoiceStore, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    reach = ReachStore.beside(store)
    voice = await store.add(NewVoice(1, "A", owner_id=7), make_clip())
    watch.use(voice)
    kinds = VoiceChangeKind
    steps = [
        (reach.share(voice.id, SharingChange("owner"), by="owner"), kinds.REACH),
        (reach.block(1, 7, 8), kinds.REACH),
        (reach.pause(voice.id, by="owner"), kinds.PAUSED),
        (reach.pause(voice.id, by="admin"), kinds.PAUSED),
        (reach.resume(voice.id, by="owner"), kinds.PAUSED),  # an admin's pause goes on
        (reach.resume(voice.id, by="admin"), kinds.REACH),
    ]
    for step, kind in steps:
        await step
        await watch.look()
        assert changes[-1] == VoiceChange(voice.id, voice.clip_sha256, kind)
    assert len(changes) == len(steps)


async def test_a_look_returns_when_what_another_found_is_done_too(
    store: VoiceStore, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    busy, done = asyncio.Event(), asyncio.Event()

    async def slow(change: VoiceChange) -> None:
        busy.set()
        await done.wait()

    watch.subscribe(slow)
    first, second = await add(store, "A", seed=1), await add(store, "B", seed=2)
    watch.use(first)
    watch.use(second)
    await store.delete(first.id)
    one = asyncio.create_task(watch.look())
    await busy.wait()
    await store.delete(second.id)
    two = asyncio.create_task(watch.look())
    # The second voice is told of while the engine is still busy with the first.
    await wait_until(lambda: changes == [deletion_of(first), deletion_of(second)], 10, "both")
    assert not one.done()
    assert not two.done()
    done.set()
    await asyncio.gather(one, two)


async def test_a_commit_is_noticed_while_an_engine_forgets_another_voice(
    store: VoiceStore, commits: CommitWatch, watch: VoiceWatch, changes: list[VoiceChange]
) -> None:
    done = asyncio.Event()

    async def slow(_change: VoiceChange) -> None:
        await done.wait()

    watch.subscribe(slow)
    first, second = await add(store, "A", seed=1), await add(store, "B", seed=2)
    watch.use(first)
    watch.use(second)
    async with watch.running(), commits.running():
        await store.delete(first.id)
        await wait_until(lambda: changes == [deletion_of(first)], 10, "the first")
        await store.delete(second.id)
        await wait_until(lambda: deletion_of(second) in changes, 10, "the second")
