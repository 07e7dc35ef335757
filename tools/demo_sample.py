"""Make the recording that `mynah demo` enrols: speech as a phone would record it.

    python -m tools.demo_sample

The voice is piper's, which is CC0, at another pitch, so that it is not just the stock voice.
"""

from __future__ import annotations

from pathlib import Path

from tests.samples import encode, speech_samples

FILE = Path(__file__).parent.parent / "bot" / "demo" / "data" / "sample.m4a"
SECONDS, PITCH_RATIO = 16.0, 1.25


def main() -> None:
    """Write the file anew."""
    FILE.parent.mkdir(exist_ok=True)
    speech = speech_samples(SECONDS, pitch_ratio=PITCH_RATIO)
    FILE.write_bytes(encode(speech, 44_100, "mp4", "aac"))


if __name__ == "__main__":
    main()
