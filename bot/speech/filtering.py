"""FFmpeg's audio filters on whole signals, by PyAV.

Runs in workers, so `av` is imported where it is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bot.speech.types import OPUS_SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioFrame

Samples = npt.NDArray[np.float32]

SHORTEST_STRETCHED_SECONDS = 0.1
"""Less stays as it is: atempo compares pieces of 43 ms."""

_TAIL = 4800  # samples of silence; atempo keeps up to a piece of what it is given last
_BLOCK = 19_200  # samples: the gating block of BS.1770-4, 400 ms
_GATE_LUFS = -70.0  # absolute, of BS.1770-4


def stretched(samples: Samples, speed: float) -> Samples:
    """Return the samples `speed` times as fast (0.5 to 2), at the same pitch.

    samples: float32, shape (n,), 48 kHz; the result has round(n / speed) of them. By FFmpeg's
    atempo, which overlaps similar pieces (WSOLA). At 24 kHz, where it would take half the time, it
    leaves 10 dB more noise between the harmonics.
    """
    if speed == 1.0 or len(samples) < SHORTEST_STRETCHED_SECONDS * OPUS_SAMPLE_RATE:
        return samples
    length = round(len(samples) / speed)
    frames = _filtered(np.pad(samples, (0, _TAIL)), "atempo", f"tempo={speed}")
    parts = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate([*parts, np.zeros(length, np.float32)])[:length]


def loudness_lufs(samples: Samples) -> float | None:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4); None for silence.

    samples: float32, shape (n,), 48 kHz. Less than a gating block (400 ms) is filled up with
    silence, so it counts as softer, as it does to the ear. By FFmpeg's ebur128: pyloudnorm would
    bring SciPy, over a second and 77 MB, into every engine worker.
    """
    filled = np.pad(samples, (0, max(0, _BLOCK - len(samples))))
    frames = _filtered(filled, "ebur128", "metadata=1:framelog=quiet")
    # A frame of less than 100 ms, which may come last, has none.
    measured = [value for frame in frames if (value := frame.metadata.get("lavfi.r128.I"))]
    loudness = float(measured[-1])
    return loudness if loudness > _GATE_LUFS else None


def _filtered(samples: Samples, name: str, options: str) -> Iterator[AudioFrame]:
    """Yield what a filter makes of the samples."""
    import av
    from av.filter import Graph

    graph = Graph()
    graph.threads = 1
    source = graph.add_abuffer(sample_rate=OPUS_SAMPLE_RATE, format="flt", layout="mono")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, graph.add(name, options), sink).configure()
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
    frame.sample_rate, frame.pts = OPUS_SAMPLE_RATE, 0
    source.push(frame)
    source.push(None)
    with contextlib.suppress(av.EOFError):
        while True:
            made = sink.pull()
            assert isinstance(made, av.AudioFrame)
            yield made
