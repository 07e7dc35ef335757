import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.clips import TEMPORARY_SUFFIX
from storage.errors import StorageError
from storage.types import NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import make_clip
from tests.storage.stored import StoredClips, key_of

GUILD = 5
EMPTY = ((), (), ())


async def add(store: VoiceStore, name: str, seed: int = 0) -> VoiceProfile:
    return await store.add(NewVoice(GUILD, name), make_clip(seed))


async def report(store: VoiceStore, verify: bool = False) -> tuple[object, ...]:
    """Names of swept files, ids of damaged and of restored voices."""
    found = await store.check(verify=verify)
    return found.swept, tuple(v.id for v in found.damaged), tuple(v.id for v in found.restored)


@pytest.mark.parametrize("verify", [False, True])
async def test_sound_store_has_nothing_to_report(store: VoiceStore, verify: bool) -> None:
    await add(store, "Anna")
    await add(store, "Bob", seed=1)
    assert await report(store, verify) == EMPTY


async def test_temporary_files_of_dead_writers_are_swept(
    store: VoiceStore, clips: StoredClips
) -> None:
    kept = await add(store, "Anna")
    clips.write(f"clips/abc{TEMPORARY_SUFFIX}", b"half")
    assert (await store.check()).swept == (f"abc{TEMPORARY_SUFFIX}",)
    assert clips.names() == [f"{kept.clip_sha256}.pickle.gz"]
    assert await report(store) == EMPTY


async def test_more_files_than_one_batch_are_swept(
    store: VoiceStore, clips: StoredClips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.upkeep._BATCH", 2)
    for number in range(5):
        clips.write(f"clips/{number}{TEMPORARY_SUFFIX}", b"")
    assert len((await store.check()).swept) == 5
    assert clips.names() == []


async def test_foreign_files_are_left_alone(store: VoiceStore, clips: StoredClips) -> None:
    for name in ("notes.txt", "recording.pickle.gz", ".gitkeep"):
        clips.write(f"clips/{name}", b"")
    assert (await store.check()).swept == ()
    assert len(clips.names()) == 3


async def test_voice_without_its_file_is_marked_until_the_file_is_back(
    store: VoiceStore, clips: StoredClips
) -> None:
    lost, sound = await add(store, "Anna"), await add(store, "Bob", seed=1)
    saved = clips.read(key_of(lost))
    clips.remove(key_of(lost))
    assert await report(store) == ((), (lost.id,), ())
    damage = (await store.get(lost.id)).damage
    assert damage is not None
    assert store.clip_location(lost) in damage
    assert "missing" in damage
    assert (await store.get(sound.id)).damage is None
    assert await report(store) == ((), (lost.id,), ())  # reported every time

    clips.write(key_of(lost), saved)
    assert await report(store) == ((), (), (lost.id,))
    assert (await store.get(lost.id)).damage is None
    assert await report(store) == EMPTY


async def test_voices_that_share_a_clip_are_marked_together(
    store: VoiceStore, clips: StoredClips
) -> None:
    first, second = await add(store, "Anna"), await add(store, "Bob")
    clips.remove(key_of(first))
    assert await report(store) == ((), (first.id, second.id), ())


async def test_empty_file_is_found_at_every_start(store: VoiceStore, clips: StoredClips) -> None:
    profile = await add(store, "Anna")
    clips.write(key_of(profile), b"")
    assert await report(store) == ((), (profile.id,), ())


async def test_changed_content_is_found_by_verifying_and_stays_marked(
    store: VoiceStore, clips: StoredClips
) -> None:
    profile = await add(store, "Anna")
    content = bytearray(clips.read(key_of(profile)))
    content[len(content) // 2] ^= 1
    clips.write(key_of(profile), bytes(content))
    assert await report(store) == EMPTY
    assert await report(store, verify=True) == ((), (profile.id,), ())
    assert await report(store) == ((), (profile.id,), ())  # the quick check does not trust it again


async def test_reason_of_damage_is_kept_up_to_date(store: VoiceStore, clips: StoredClips) -> None:
    profile = await add(store, "Anna")
    clips.remove(key_of(profile))
    await store.check()
    clips.write(key_of(profile), b"")
    assert await report(store) == ((), (profile.id,), ())
    damage = (await store.get(profile.id)).damage
    assert damage is not None
    assert "missing" not in damage
    assert "empty" in damage


async def test_enrolling_a_lost_clip_again_mends_every_voice_of_it(
    store: VoiceStore, clips: StoredClips
) -> None:
    lost = await add(store, "Anna")
    clips.remove(key_of(lost))
    await store.check()
    assert (await add(store, "Hanna")).damage is None
    assert (await store.get(lost.id)).damage is None
    await store.load_clip(lost)


async def test_replacing_a_lost_clip_mends_the_voice(store: VoiceStore, clips: StoredClips) -> None:
    lost = await add(store, "Anna")
    clips.remove(key_of(lost))
    await store.check()
    replaced = await store.replace(lost.id, make_clip(1), pitch_hz=None, quality=None)
    assert replaced.damage is None
    assert await report(store) == EMPTY


async def test_unreadable_clip_directory_is_an_error_and_marks_nothing(
    store: VoiceStore, directory: Path
) -> None:
    profile = await add(store, "Anna")
    (directory / "clips").rename(directory / "elsewhere")
    with pytest.raises(StorageError, match="clips cannot be read"):
        await store.check()
    assert (await store.get(profile.id)).damage is None


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("storage.files.os.fsync", TEMPORARY_SUFFIX),
        ("storage.files.sync_directory", ".pickle.gz"),
    ],
    ids=["before the rename", "between file and row"],
)
async def test_killed_writer_leaves_only_what_is_swept(
    directory: Path, moment: str, left: str
) -> None:
    script = f"""
import asyncio, os, signal, sys
from pathlib import Path
from unittest.mock import patch
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import clip_files, make_clip
from tests.storage.stored import StoredClips, key_of

async def main():
    async with VoiceStore.open(Path(sys.argv[1])) as store:
        with patch({moment!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL)):
            await store.add(NewVoice(5, "Anna"), make_clip())
asyncio.run(main())
"""
    child = subprocess.run([sys.executable, "-c", script, str(directory)], check=False, timeout=60)
    assert child.returncode == -signal.SIGKILL
    [name] = [path.name for path in (directory / "clips").iterdir()]
    assert name.endswith(left)
    async with VoiceStore.open(directory) as store:
        assert await store.count(GUILD) == 0
        assert (await store.check()).swept == (name,)
        assert list((directory / "clips").iterdir()) == []
        await store.load_clip(await add(store, "Anna"))


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_cancelled_change_is_whole_or_swept(store: VoiceStore, turns: int) -> None:
    first = await add(store, "Anna", seed=1)
    tasks = [
        asyncio.create_task(add(store, "Bob", seed=2)),
        asyncio.create_task(store.delete(first.id)),
    ]
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await store.check(verify=True)).damaged == ()
    for profile in await store.list_voices(GUILD):
        await store.load_clip(profile)


WRITER = """
import asyncio, sys
from pathlib import Path
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import clip_files, make_clip
from tests.storage.stored import StoredClips, key_of

clips = [make_clip(seed, 0.01) for seed in range(2)]

async def main():
    # Few clips, added and deleted again and again, so that a file comes and goes.
    async with VoiceStore.open(Path(sys.argv[1])) as store:
        for turn in range(60):
            name = f"{sys.argv[2]} {turn}"
            profile = await store.add(NewVoice(5, name), clips[turn % 2])
            await store.load_clip(profile)
            if turn < 58:
                await store.delete(profile.id)
asyncio.run(main())
"""


async def test_processes_that_add_delete_and_sweep_at_once_lose_nothing(
    store: VoiceStore, directory: Path
) -> None:
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(directory), name)
        for name in ("first", "second")
    ]
    waiting = asyncio.gather(*(writer.wait() for writer in writers))
    while not waiting.done():
        assert (await store.check()).damaged == ()
    assert await waiting == [0, 0]  # each could read every clip that it added
    assert (await store.check(verify=True)).damaged == ()
    assert await store.count(GUILD) == 4
    assert len(list((directory / "clips").iterdir())) == 2
