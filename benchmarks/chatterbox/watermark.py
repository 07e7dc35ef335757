"""How surely PerTh's mark is told from recordings without it: false alarms and what is missed.

    .venv-chatterbox/bin/python -m benchmarks.chatterbox.watermark

Asks as enrolment does, of clips at 24 kHz. Without a mark: speech of the piper voice at many
pitches and paces, with noise, through Opus; sounds that are no speech; and the two real recordings
that are there, those of the package s3tokenizer (AISHELL, Mandarin), each in several ways. With a
mark: speech that was marked, then resampled, went through Opus, got noise. The mark is put in by
PerTh, as into every output of Chatterbox.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from benchmarks.__main__ import HERE, environment
from bot.enrolment.refusals import MARKED
from bot.speech.engines.watermark import _marker, watermark
from storage.types import CLIP_SAMPLE_RATE
from tests.consent.spoken import RATE, Manner, Samples, any_manner, recorded, say
from tests.samples import SENTENCES

SEED = 12
UTTERANCES = 30
MADE, SOUNDS, REAL, WITH_MARK = 130, 50, 20, 100


def main() -> None:
    """Measure, print and store."""
    described = environment()
    result = measure()
    print(json.dumps(result, indent=2))
    path = HERE / "results" / "chatterbox-watermark.json"
    path.write_text(json.dumps({"environment": described, "result": result}, indent=2) + "\n")


def measure() -> dict[str, Any]:
    """Return the certainties of each kind of clip, and what the threshold makes of them."""
    random_ = random.Random(SEED)
    spoken = [(say(" ".join(random_.sample(SENTENCES, 2)), manner), manner)
              for manner in (any_manner(random_) for _ in range(UTTERANCES))]  # fmt: skip
    made = [heard(*random_.choice(spoken), random_, n) for n in range(MADE)]
    kinds = {
        "made speech": [certainty(clip) for clip in made],
        "sounds": [certainty(clip) for clip in sounds(random_)],
        "real speech, varied": [certainty(clip) for clip in real(random_)],
    }
    marked = [certainty(clip) for clip in with_mark([samples for samples, _ in spoken], random_)]
    unmarked = [value for values in kinds.values() for value in values]
    return {
        "threshold": MARKED,
        "clips_without": {kind: len(values) for kind, values in kinds.items()},
        "real_recordings": len(real_files()),
        "false_alarms": sum(value >= MARKED for value in unmarked),
        "highest_without": {kind: round(max(values), 4) for kind, values in kinds.items()},
        "clips_with": len(marked),
        "missed": sum(value < MARKED for value in marked),
        "lowest_with": [round(value, 4) for value in sorted(marked)[:5]],
    }


def certainty(samples: Samples) -> float:
    """Ask as enrolment does. samples: at 48 kHz."""
    clip = soxr.resample(samples, RATE, CLIP_SAMPLE_RATE).astype(np.float32)
    found = watermark(clip, CLIP_SAMPLE_RATE)
    assert found is not None
    return found


def heard(spoken: Samples, manner: Manner, random_: random.Random, seed: int) -> Samples:
    """Return an utterance once more, with other noise and by another way."""
    other = any_manner(random_)
    return recorded(spoken, other if seed % 2 else manner, seed)


def sounds(random_: random.Random) -> Iterator[Samples]:
    """Yield tones, chords, sweeps, clicks and noise."""
    times = np.arange(6 * RATE) / RATE
    for number in range(SOUNDS):
        generator = np.random.default_rng(number)
        pitch = random_.uniform(60, 900)
        match number % 5:
            case 0:
                samples = np.sin(2 * np.pi * pitch * times)
            case 1:
                chord = [np.sin(2 * np.pi * pitch * k * times) / k for k in (1, 1.25, 1.5, 2, 3)]
                samples = np.sum(chord, axis=0) / 3
            case 2:
                samples = np.sin(2 * np.pi * (pitch * times + 200 * times**2))
            case 3:
                samples = (generator.random(len(times)) > 0.999).astype(float)
            case _:
                samples = np.cumsum(generator.standard_normal(len(times)))
                samples /= np.abs(samples).max()
        yield recorded(samples.astype(np.float32), any_manner(random_), number)


def real_files() -> list[Path]:
    """The recordings of people that are installed."""
    spec = find_spec("s3tokenizer")
    assert spec is not None
    assert spec.origin is not None
    return sorted((Path(spec.origin).parent / "assets").glob("*.wav"))


def real(random_: random.Random) -> Iterator[Samples]:
    """Yield them as they are, then with noise and through Opus."""
    files = real_files()
    for number in range(REAL):
        samples, rate = soundfile.read(files[number % len(files)], dtype="float32")
        samples = soxr.resample(samples, rate, RATE)
        again = number >= len(files)
        yield recorded(samples, any_manner(random_), number) if again else samples


def with_mark(utterances: list[Samples], random_: random.Random) -> Iterator[Samples]:
    """Yield marked speech as it may come back: resampled, through Opus, with noise."""
    marker = _marker()
    for number in range(WITH_MARK):
        spoken = soxr.resample(utterances[number % len(utterances)], RATE, CLIP_SAMPLE_RATE)
        marked = np.asarray(marker.apply_watermark(spoken, sample_rate=CLIP_SAMPLE_RATE))
        between = random_.choice((16_000, 22_050, 24_000, 32_000, 44_100, 48_000))
        again = soxr.resample(marked, CLIP_SAMPLE_RATE, between)
        manner = Manner(
            snr_db=random_.choice((20, 30, 60)), level=random_.uniform(0.1, 0.8), opus=True
        )
        yield recorded(soxr.resample(again, between, RATE).astype(np.float32), manner, number)


if __name__ == "__main__":
    main()
