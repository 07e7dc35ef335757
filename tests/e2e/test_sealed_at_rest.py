"""With a key, no plain recording is on the disk at any moment; inotify watches all of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loopback import LoopbackDiscord, Upload, wait_until
from storage.clips import encode_clip
from storage.key_file import create_key_file, new_key
from storage.sealing import is_sealed
from storage.types import ReferenceClip
from storage.voices import VoiceStore
from tests.cli.conftest import environment_of, program
from tests.e2e.live import SAVE, Call, Live, content, open_bot
from tests.e2e.test_privacy import record_live
from tests.samples import encode, speech_samples
from tests.storage.conftest import add, make_clip
from tests.watched_disk import WatchedDisk

TEXT = "The rain had stopped before morning."
PIECE = 48  # bytes that do not come about by chance


def pieces_of(clip: ReferenceClip) -> list[bytes]:
    """Return what tells a recording: of its samples as float32 and as 16 bit, and of its file."""
    loud = int(np.argmax(np.abs(clip.samples)))
    samples = clip.samples[loud - PIECE : loud + PIECE]
    packed = encode_clip(clip)
    middle = len(packed) // 2
    return [
        samples.astype("<f4").tobytes()[:PIECE],
        (samples * 32_767).astype("<i2").tobytes()[:PIECE],
        packed[middle : middle + PIECE],
        b"sample_rate\x94",  # of its pickle
    ]


def piece_of(upload: Upload) -> bytes:
    middle = len(upload.content) // 2
    return upload.content[middle : middle + PIECE]


async def enrol(call: Call, command: str, recording: Upload, **options: str) -> None:
    card = await call.ada.slash(command, sample=recording, **options).answered(40)
    await call.ada.press(card, label=SAVE).acknowledged()
    await wait_until(lambda: not card.components, 10, "the saved card")


async def clip_of_ada(live: Live, call: Call) -> ReferenceClip:
    return await live.voices.load_clip(await live.voices.find(call.guild.id, "Ada"))


@dataclass(frozen=True)
class LiveConsent:
    """What a live recording leaves: the voice's clip, the sentence, and the record of it."""

    recording: ReferenceClip
    sentence: ReferenceClip
    record: dict[str, Any]


async def record_with_evidence(live: Live, call: Call) -> LiveConsent:
    await record_live(call.ada)
    voice = await live.voices.find(call.guild.id, "Live")
    [consent] = await live.voices.consents_of(voice.id)
    sentence = await live.voices.load_consent_clip(consent)
    assert sentence is not None
    return LiveConsent(await live.voices.load_clip(voice), sentence, dict(consent.record))


async def delete(call: Call) -> None:
    question = await call.ada.slash("voice delete", voice="Ada").answered()
    await call.ada.press(question, label="Delete for good").acknowledged()
    await wait_until(lambda: "is deleted" in question.content, 5, "the deletion")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and its children put temporary files."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


async def test_no_plain_recording_is_ever_on_the_disk(
    tmp_path: Path, scratch: Path, recording: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scratch)
    data, key_file = tmp_path / "data", tmp_path / "mynah.key"
    data.mkdir()
    create_key_file(key_file, [new_key()])
    second = Upload("b.ogg", encode(speech_samples(9, pitch_ratio=1.2), 48_000, "ogg", "libopus"))
    clips = []
    with WatchedDisk.watching(data, scratch) as disk:
        async with (
            LoopbackDiscord() as discord,
            open_bot(discord, data, key_file=key_file) as live,
        ):
            await live.warm()
            call = await live_call(discord)
            await enrol(call, "enroll", recording, name="Ada")
            clips.append(await clip_of_ada(live, call))
            await enrol(call, "voice replace", second, voice="Ada")
            clips.append(await clip_of_ada(live, call))
            preview = await call.ada.slash("voice preview", voice="Ada").answered(40)
            await wait_until(lambda: preview.attachments, 60, "the preview")
            said = await call.ada.slash("say", text=TEXT).answered(20)
            await content(said, "Said.", 30)
            await call.ada.slash("voice restore", voice="Ada").answered(20)
            assert (await clip_of_ada(live, call)).sha256 == clips[0].sha256
            await delete(call)
            consent = await record_with_evidence(live, call)
            clips += [consent.sentence, consent.recording]
            discord.assert_clean()
    pieces = [piece for clip in clips for piece in pieces_of(clip)]
    evidence = consent.record["statement"].encode()
    assert disk.plain(*pieces, piece_of(recording), piece_of(second), evidence) == []
    assert sum(map(is_sealed, disk.seen)) >= 2


async def live_call(discord: LoopbackDiscord) -> Call:
    guild = discord.add_guild()
    ada = discord.add_person(guild, "Ada")
    return Call(discord, guild, ada, await ada.join_voice())


async def test_the_watch_sees_what_is_plain(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with WatchedDisk.watching(data) as disk:
        async with VoiceStore.open(data) as store:
            voice = await add(store, "Anna")
            await store.delete(voice.id)
        (data / "scratch.wav").write_bytes(bytes(1000) + pieces_of(make_clip())[1])
        await wait_until(lambda: "scratch.wav" in disk.seen.values(), 10, "the file")
        (data / "scratch.wav").unlink()
    found = disk.plain(*pieces_of(make_clip()))
    assert "scratch.wav" in found
    assert any(name.endswith(".clip.tmp") for name in found)


STORED = re.compile(
    r"/(mynah\.(db(-wal|-shm|-journal)?|lock)|reserve\.bin|clips/[^/]*\.clip\.tmp)$"
)
LIBRARIES = re.compile(r"/site-packages/|^/dev/(null|shm/sem\.)")
"""numba tries whether it could cache, in files without a name; OpenMP has semaphores."""


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_enrolling_opens_no_other_file_for_writing(tmp_path: Path, recording: Upload) -> None:
    """Every file that any of its processes opens for writing, also those that are gone at once."""
    data, key_file, trace = (tmp_path / name for name in ("data", "mynah.key", "trace"))
    create_key_file(key_file, [new_key()])
    (tmp_path / recording.filename).write_bytes(recording.content)
    calls = "trace=open,openat,creat,memfd_create"
    told = {"MYNAH_STORAGE__KEY_FILE": str(key_file), "PYTHONPATH": os.pathsep.join(sys.path)}
    outcome = subprocess.run(
        ["strace", "-f", "-qq", "-s", "4096", "-e", calls, "-o", str(trace),
         *program("enroll", recording.filename, "--name", "Ada")],
        env=environment_of(data, **told), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ptrace" in outcome.stderr:
        pytest.skip("processes cannot be traced here")
    assert outcome.returncode == 0, outcome.stderr
    opened = trace.read_text(errors="replace")
    assert "memfd_create" not in opened
    written = set(re.findall(r'open(?:at)?\([^"]*"([^"]+)", [^)]*O_(?:WRONLY|RDWR)', opened))
    assert any(path.endswith(".clip.tmp") for path in written)
    assert not [path for path in written if not LIBRARIES.search(path) and not STORED.search(path)]
    [clip] = (data / "clips").iterdir()
    assert is_sealed(clip.read_bytes())
