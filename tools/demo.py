"""`make demo`: from nothing, enrol a speech sample and speak with it.

Runs the real program twice, as a new user would, on a data directory of its own:
`mynah enroll` a sample (yours, or an m4a that is made here) and `mynah say` a text in that voice.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = (
    "Hello! I am a mynah, a bird that speaks in the voices it hears. "
    "This voice was enrolled from a short recording, and every word you hear is new."
)
OUTPUT = Path("demo.wav")
SAMPLE_SECONDS = 16.0
SAMPLE_PITCH_RATIO = 1.25  # so that the sample is not just the stock voice of the piper engine


def main() -> None:
    """Run the demo; exit with the code of the step that failed."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--sample", type=Path, help="a recording of speech; default: one is made")
    parser.add_argument("--text", default=TEXT, help="what to say")
    arguments = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mynah-demo-") as folder:
        sample = arguments.sample or make_sample(Path(folder) / "sample.m4a")
        environment = {**os.environ, "MYNAH_STORAGE__DIRECTORY": str(Path(folder) / "data")}
        mynah(["enroll", str(sample), "--name", "Demo"], environment)
        mynah(["say", arguments.text, "--voice", "Demo", "-o", str(OUTPUT)], environment)
    size = OUTPUT.stat().st_size
    print(f"\nDone in {time.monotonic() - start:.0f} s. Listen to {OUTPUT} ({size / 1000:.0f} kB).")


def make_sample(path: Path) -> Path:
    """Write a spoken sample as a phone would record it: m4a, stereo, 44.1 kHz."""
    from tests.samples import encode, speech_samples  # loads the piper voice

    print(f"Making a speech sample of {SAMPLE_SECONDS:g} s with the piper voice ...", flush=True)
    speech = speech_samples(SAMPLE_SECONDS, pitch_ratio=SAMPLE_PITCH_RATIO)
    path.write_bytes(encode(speech, 44_100, "mp4", "aac", 2))
    return path


def mynah(arguments: list[str], environment: dict[str, str]) -> None:
    """Run the real program as a user would, showing the command."""
    print(f"\n$ {shlex.join(['mynah', *arguments])}", flush=True)
    run = subprocess.run([sys.executable, "-m", "bot", *arguments], env=environment, check=False)
    if run.returncode:
        print(f"The step above failed (exit code {run.returncode}).", file=sys.stderr)
        sys.exit(run.returncode)


if __name__ == "__main__":
    main()
