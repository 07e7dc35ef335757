"""docs/cli.md against the program: its examples, which are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment_of
from tests.samples import RATE, encode, speech_samples

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="the examples are for a POSIX shell")
@pytest.mark.timeout(400)
def test_the_examples_run_one_after_another(tmp_path: Path, speech_file: Path) -> None:
    (tmp_path / "me.flac").write_bytes(speech_file.read_bytes())
    better = encode(speech_samples(8, pitch_ratio=1.2), RATE, "flac", "flac")
    (tmp_path / "better.flac").write_bytes(better)
    examples = "".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
    assert examples.count("mynah ") > 15
    mynah = f'mynah() {{ "{sys.executable}" -m bot "$@"; }}'
    outcome = subprocess.run(
        ["bash", "--norc", "-exc", f"set -o pipefail; {mynah}\n{examples}"],
        env=environment_of(tmp_path / "data", PYTHONPATH=str(ROOT)),
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    made = {path.name for path in tmp_path.iterdir()}
    assert {"morning.ogg", "done.mp3", "speech.wav", "anna.png", "voices.json", "Anna.wav"} <= made


def test_the_shells_of_the_page_have_completion() -> None:
    for shell in re.findall(r"_MYNAH_COMPLETE=(\w+)_source", TEXT):
        told = {**os.environ, "_MYNAH_COMPLETE": f"{shell}_source"}
        command = [sys.executable, "-m", "bot"]
        outcome = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
        assert "_mynah_completion" in outcome.stdout
