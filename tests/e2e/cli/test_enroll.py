"""`mynah enroll`: recordings in, voices out; bad input says why and leaves nothing."""

from __future__ import annotations

import errno
import gzip
import json
import os
import pickle
import shlex
from pathlib import Path

import numpy as np
import pytest

from bot.errors import OutputError
from bot.speech.choice import Choice
from bot.speech.model_keeper import ModelKeeper
from bot.speech.stored_models import Survey
from bot.speech.types import ChatterboxModel
from tests.cli.conftest import SERVER, Done, Mynah, Outcome
from tests.samples import RATE, Samples, encode, speech_samples


def stored_content(clip: Path) -> dict[str, object]:
    content = pickle.loads(gzip.decompress(clip.read_bytes()))
    assert isinstance(content, dict)
    return content


def best_correlation(clip: Samples, whole: Samples) -> float:
    """Find the clip in the whole; return the correlation of what overlaps there.

    Decoders differ in how much of a codec's delay they cut, so the clip may begin a little early.
    """
    size = 1 << (len(whole) + len(clip)).bit_length()
    product = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(clip, size))
    offset = int(np.argmax(np.fft.irfft(product)))
    offset -= size if offset > size // 2 else 0
    assert -0.1 * RATE < offset < len(whole) - 0.9 * len(clip)
    clip = clip[max(0, -offset) :]
    whole = whole[max(0, offset) :][: len(clip)]
    return float(np.corrcoef(clip[: len(whole)], whole)[0, 1])


def test_stereo_recording_becomes_a_clip_that_sounds_like_it(mynah: Mynah, speech: Samples) -> None:
    Path("recording.m4a").write_bytes(encode(speech, 44_100, "mp4", "aac", 2))

    outcome = mynah("enroll", "recording.m4a", "--name", "Anna")

    assert outcome.code == 0, outcome.err
    [clip] = mynah.clips()
    content = stored_content(clip)
    samples = content["samples"]
    assert isinstance(samples, np.ndarray)
    assert (samples.dtype, samples.ndim, content["sample_rate"]) == (np.float32, 1, 24_000)
    assert best_correlation(samples, speech) > 0.99


def test_report_says_what_was_measured_and_where_it_is_stored(enrolment: Done) -> None:
    [clip] = (enrolment.data / "clips").iterdir()
    for part in ("verdict", "good", "12.0 s", "dB", "LUFS", "Hz", "“Anna”", str(clip), "anna.png"):
        assert part in enrolment.out
    assert (enrolment.folder / "anna.png").read_bytes().startswith(b"\x89PNG")


def test_guilds_have_names_of_their_own(second_enrolment: Done) -> None:
    voice = json.loads(second_enrolment.out)["voice"]
    assert (voice["name"], voice["guild_id"]) == ("anna", str(SERVER))
    assert len(list((second_enrolment.data / "clips").iterdir())) == 1  # one recording, one file


# Bad input ------------------------------------------------------------------------------------


def wav(samples: Samples) -> bytes:
    return encode(samples, RATE, "wav", "pcm_s16le")


# One of each way to fail; tests/enrolment has the faults of a recording.
BAD_FILES = {
    "not audio": (
        lambda: b"I am a text file, not a recording.\n" * 50,
        "This is not an audio file.",
    ),
    "empty": (lambda: b"", "The file is empty."),
    "silence": (lambda: wav(np.zeros(8 * RATE, np.float32)), "The recording is silent."),
    "too long": (
        lambda: wav(np.zeros(15 * RATE, np.float32)),
        "The recording is longer than 12 seconds.",
    ),
    "over the size limit": (
        lambda: bytes(26 * 1024 * 1024),
        "The file has 26.0 MB; the limit is 25 MB.",
    ),
}


def assert_refused(mynah: Mynah, outcome: Outcome, stored: int = 0) -> None:
    assert outcome.code == 2
    assert "error: " in outcome.err
    assert "Traceback" not in outcome.err
    assert len(mynah.clips()) == stored
    assert outcome.out.count("stored as") == 0


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_recording_is_refused(mynah: Mynah, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "too long":
        monkeypatch.setenv("MYNAH_ENROLMENT__MAX_MINUTES", "0.2")
    make, reason = BAD_FILES[kind]
    Path("bad.bin").write_bytes(make())
    outcome = mynah("enroll", "bad.bin", "--name", "Anna")
    assert_refused(mynah, outcome)
    assert outcome.err.count("error: ") == 1
    assert reason in outcome.err
    assert "No voices yet" in mynah("voices").out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("x" * 33, "33 characters"),
        ("a\x07b", "invisible character"),
        ("a\u202eb", "invisible character"),
    ],
    ids=["empty", "too long", "control character", "text direction"],
)
def test_bad_name_is_refused(mynah: Mynah, speech_file: Path, name: str, reason: str) -> None:
    outcome = mynah("enroll", str(speech_file), "--name", name)
    assert_refused(mynah, outcome)
    assert reason in outcome.err


def test_taken_name_is_refused(enrolled: Mynah, speech_file: Path) -> None:
    outcome = enrolled("enroll", str(speech_file), "--name", "ANNA")
    assert_refused(enrolled, outcome, stored=1)
    assert "already a voice named “Anna”" in outcome.err


def test_missing_file_is_wrong_use(mynah: Mynah) -> None:
    outcome = mynah("enroll", "nowhere.wav", "--name", "Anna")
    assert (outcome.code, "nowhere.wav" in outcome.err) == (2, True)


def test_rejected_recording_shows_what_was_measured(mynah: Mynah) -> None:
    Path("short.wav").write_bytes(wav(speech_samples(2)))
    outcome = mynah("enroll", "short.wav", "--name", "Anna", "--picture", "short.png")
    assert_refused(mynah, outcome)
    assert "s of speech were found; at least 3 s are needed." in outcome.err
    assert "rejected" in outcome.out
    assert "kept" not in outcome.out
    assert Path("short.png").exists()


def test_true_size_of_a_big_file_is_told(mynah: Mynah) -> None:
    with Path("big.wav").open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    outcome = mynah("enroll", "big.wav", "--name", "Anna")
    assert_refused(mynah, outcome)
    assert "The file has 300.0 MB; the limit is 25 MB." in outcome.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_pipe_is_refused_without_reading_it(mynah: Mynah) -> None:
    os.mkfifo("pipe")
    outcome = mynah("enroll", "pipe", "--name", "Anna")
    assert_refused(mynah, outcome)
    assert "pipe is not a file" in outcome.err


def test_picture_in_a_missing_folder_is_refused_before_the_work(
    mynah: Mynah, speech_file: Path
) -> None:
    outcome = mynah("enroll", str(speech_file), "--name", "Anna", "--picture", "nowhere/anna.png")
    assert_refused(mynah, outcome)
    assert "There is no folder nowhere" in outcome.err
    assert "Reading" not in outcome.err


def refuse(path: Path, _content: bytes, **_: bool) -> None:
    raise OutputError(f"{path} cannot be written: No space left on device.")


def test_picture_that_fails_late_exits_with_1(
    mynah: Mynah, speech_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.destination.write_whole", refuse)
    outcome = mynah("enroll", str(speech_file), "--name", "Anna", "--picture", "anna.png")
    assert outcome.code == 1
    assert "stored as" in outcome.out
    assert "anna.png cannot be written" in outcome.err


def test_picture_that_fails_does_not_hide_the_rejection(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.destination.write_whole", refuse)
    Path("short.wav").write_bytes(wav(speech_samples(2)))
    outcome = mynah("enroll", "short.wav", "--name", "Anna", "--picture", "short.png")
    assert_refused(mynah, outcome)
    assert "short.png cannot be written" in outcome.err
    assert "s of speech were found; at least 3 s are needed." in outcome.err


def test_worker_that_cannot_start_exits_with_1(
    mynah: Mynah, speech_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("subprocess.Popen", fail)
    outcome = mynah("enroll", str(speech_file), "--name", "Anna")
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert "temporarily unavailable" in outcome.err


def test_command_to_try_finds_the_voice(mynah: Mynah, speech_file: Path) -> None:
    outcome = mynah("enroll", str(speech_file), "--name", "Anna $HOME", "--guild", "4")
    line = next(line for line in outcome.out.splitlines() if line.startswith("try it"))
    command = shlex.split(line.removeprefix("try it"))
    assert command == ["mynah", "say", "Hello!", "--voice", "Anna $HOME", "--guild", "4"]


@pytest.fixture
def short_file(mynah: Mynah) -> str:
    """Four seconds of speech: too short for Nano."""
    Path("four.wav").write_bytes(wav(speech_samples(4)))
    return "four.wav"


def test_a_recording_too_short_for_the_configured_model_is_refused(
    mynah: Mynah, short_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", "nano")
    outcome = mynah("enroll", short_file, "--name", "Anna")
    assert_refused(mynah, outcome)
    assert "the nano model, which speaks here, needs more than 5 s. Record 10 to" in outcome.err


@pytest.mark.parametrize(
    ("model", "told"),
    [("nano", "which speaks here"), ("english", ""), (None, "which may be the one that speaks")],
)
def test_which_model_auto_takes_is_looked_up_for_a_short_recording(
    model: ChatterboxModel | None,
    told: str,
    mynah: Mynah,
    short_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def survey(keeper: ModelKeeper) -> Survey:
        return Survey((), Choice("chatterbox", model, "cpu", "the test says so"))

    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setattr(ModelKeeper, "survey", survey)
    outcome = mynah("enroll", short_file, "--name", "Anna")
    if model == "nano":
        assert_refused(mynah, outcome)
    else:
        assert outcome.code == 0, outcome.err
    assert told in outcome.out
    assert ("nano" in outcome.out) == bool(told)
