"""Makes the sounds that docs/input.md links to: `python -m tools.input_sounds`.

Each is the embedded voice (CC0), with a fault and as Mynah keeps it.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from bot.enrolment.pipeline import prepare_sample
from bot.enrolment.types import EnrolmentLimits
from tests.enrolment.faults import hum, rumble, wav
from tests.samples import RATE, Samples, speech_samples

DIRECTORY = Path(__file__).resolve().parent.parent / "docs" / "sounds"
SECONDS = 6
MAX_BYTES = 60_000
BIT_RATE = 48_000


def main() -> None:
    """Write all sounds, each with a fault and as it is kept."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    speech = speech_samples(12)
    faults = {
        "hum": (speech + hum(speech, 50, -8))[:, None],
        "rumble": (speech + rumble(speech, 0))[:, None],
        "clipping": (0.5 * np.clip(5 * speech, -1, 1))[:, None],
        "inverted": np.stack([speech, -speech], axis=1),
    }
    for name, sent in faults.items():
        kept = prepare_sample(wav(sent), EnrolmentLimits()).clip.samples
        write(DIRECTORY / f"{name}-sent.ogg", sent[: SECONDS * RATE])
        write(DIRECTORY / f"{name}-kept.ogg", kept[: SECONDS * RATE, None])


def write(path: Path, samples: Samples) -> None:
    """Write samples, shape (n, channels), 24 kHz, as Ogg Opus of at most `MAX_BYTES`."""
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    packed = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, "flt", layout)
    frame.sample_rate = RATE
    with av.open(path, "w", format="ogg") as output:
        stream = output.add_stream("libopus", rate=48_000, layout=layout)
        stream.bit_rate = BIT_RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise RuntimeError(f"{path} has {size} bytes; at most {MAX_BYTES} are allowed.")
    print(f"{path.name}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
