"""`make demo`: a speech recogniser understands what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import soundfile
import soxr
from pocketsphinx import Decoder

from tests.samples import RATE, encode, speech_samples

ROOT = Path(__file__).parent.parent
TEXT = "The weather is good today. We will go to the market, and buy some bread for the children."


def recognise(path: Path) -> list[str]:
    samples, rate = soundfile.read(path, dtype="float32")
    speech = np.clip(soxr.resample(samples, rate, 16_000), -1, 1)
    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((speech * 32_767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return str(decoder.hyp().hypstr).split()


def share_found(said: str, heard: list[str]) -> float:
    """Share of the said words that were heard, in order."""
    words = [word.strip(".,").lower() for word in said.split()]
    blocks = SequenceMatcher(None, words, heard, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(words)


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_demo_leaves_speech_that_is_understood(tmp_path: Path) -> None:
    run = demo(tmp_path, TEXT=TEXT)
    assert run.returncode == 0, run.stdout + run.stderr
    for step in (
        "/enroll sample.m4a acknowledged",
        "Save pressed",
        "first packet",
        "p99",
        "Privacy",
    ):
        assert step in run.stdout
    assert share_found(TEXT, recognise(tmp_path / "demo.wav")) > 0.6
    assert [path.name for path in tmp_path.iterdir()] == ["demo.wav"]


def test_demo_enrols_a_recording_of_ones_own_and_speaks_one_sentence(tmp_path: Path) -> None:
    sample = tmp_path / "my voice.flac"
    sample.write_bytes(encode(speech_samples(8), RATE, "flac", "flac"))
    run = demo(tmp_path, SAMPLE=str(sample), TEXT="Good morning, everyone.")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "/enroll my voice.flac acknowledged" in run.stdout


def test_demo_says_why_it_failed(tmp_path: Path) -> None:
    run = demo(tmp_path, SAMPLE="nowhere.wav")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "The demo failed: there is no file nowhere.wav; SAMPLE=... names a recording"
    ]
