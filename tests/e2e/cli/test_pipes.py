"""The real program between pipes: text in, audio out, and readers that go away."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

from tests.cli.conftest import environment_of, program, rename

SPEAK = ("say", "-", "--voice", "Anna", "-o", "-")


@pytest.fixture
def data(enrolled_data: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(enrolled_data, tmp_path / "data"))


def run(
    data: Path, *arguments: str, text: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        program(*arguments),
        env=environment_of(data, **environment),
        cwd=data.parent,
        input=text,
        capture_output=True,
        check=False,
    )


def test_text_comes_in_and_audio_goes_out(data: Path) -> None:
    text = b"\xef\xbb\xbfGood morning,\neveryone.\n"
    outcome = run(data, *SPEAK, "--format", "mp3", text=text)
    assert outcome.returncode == 0, outcome.stderr
    samples, rate = soundfile.read(io.BytesIO(outcome.stdout))
    assert 0.5 < len(samples) / rate < 6
    assert not outcome.stdout.startswith(b"RIFF")
    assert b"Loading the engine" in outcome.stderr
    assert b"standard output" in outcome.stderr
    assert [path.name for path in data.parent.iterdir()] == ["data"]


def test_wav_is_the_format_of_a_pipe(data: Path) -> None:
    assert run(data, *SPEAK, text=b"Hello.").stdout.startswith(b"RIFF")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", b"nothing to say"),
        (b"\xff\xfe\x00", b"no text in UTF-8"),
        (b"a " * 600_000, b"more than 1 MB"),
        (b"word " * 1000, b"the limit is 3,000"),
    ],
    ids=["empty", "no text", "far too long", "too long"],
)
def test_text_that_cannot_be_spoken_is_refused(data: Path, text: bytes, reason: bytes) -> None:
    outcome = run(data, *SPEAK, text=text)
    assert (outcome.returncode, outcome.stdout) == (2, b"")
    assert reason in outcome.stderr
    assert b"Loading" not in outcome.stderr


def test_a_recording_can_be_piped(data: Path) -> None:
    outcome = run(data, "voices", "export", "Anna", "-o", "-")
    assert soundfile.info(io.BytesIO(outcome.stdout)).subtype == "FLOAT"
    assert b"Written" not in outcome.stdout


@pytest.mark.parametrize(
    "arguments",
    [("voices", "export", "Anna", "-o", "-"), ("voices",), ("voices", "--json"), ("--help",)],
    ids=" ".join,
)
def test_a_reader_that_has_gone_away_is_no_traceback(
    data: Path, arguments: tuple[str, ...]
) -> None:
    with subprocess.Popen(
        program(*arguments),
        env=environment_of(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        errors = running.stderr.read()
    assert (running.returncode, errors) == (1, b"")


def test_a_list_in_a_pipe_has_whole_names_and_no_colours(data: Path) -> None:
    name = "鳥の名前はとても長いです、本当に長い長い名前なのですよ、ね"
    rename(data, name)
    for variables in ({}, {"COLUMNS": "20", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        outcome = run(data, "voices", **variables)
        lines = outcome.stdout.decode().splitlines()
        assert len(lines) == 2
        assert name in lines[1]
        assert b"\x1b" not in outcome.stdout


def test_names_that_the_output_cannot_encode_are_escaped(data: Path) -> None:
    rename(data, "Änne 鳥")
    outcome = run(data, "voices", PYTHONIOENCODING="ascii")
    assert outcome.returncode == 0
    assert b"\\xc4nne \\u9ce5" in outcome.stdout
    told = run(data, "voices", "--json", PYTHONIOENCODING="ascii")
    assert b"\\u00c4nne \\u9ce5" in told.stdout


def test_completely_closed_streams_are_no_traceback(data: Path) -> None:
    line = " ".join(f"'{word}'" for word in program("voices"))
    outcome = subprocess.run(
        ["/bin/sh", "-c", f"{line} <&- >&-"],
        env=environment_of(data),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (b"n\n", 0, b"Nothing was deleted."),
        (b"\n", 0, b"Nothing was deleted."),
        (b"y\n", 0, b"is deleted."),
        (b"", 2, b"Add --yes"),
        (b"perhaps\n", 2, b"Add --yes"),
    ],
    ids=["no", "default", "yes", "end of input", "no answer"],
)
def test_an_answer_is_taken_as_it_is(data: Path, answer: bytes, code: int, told: bytes) -> None:
    outcome = run(data, "voices", "delete", "Anna", text=answer)
    assert outcome.returncode == code
    assert told in outcome.stdout + outcome.stderr
    assert b"[y/N]" in outcome.stderr
    assert len(list((data / "clips").iterdir())) == (0 if answer == b"y\n" else 1)
