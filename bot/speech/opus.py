"""Opus packets from samples and back, with the libopus that PyAV carries.

Runs in workers: the bot process forwards packets and needs no codec, so `av` and `soxr` are
imported where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bot.speech.types import OPUS_SAMPLE_RATE

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext

FRAME_SAMPLES = 960
"""Samples of one packet: 20 ms at 48 kHz."""

PRE_SKIP_SAMPLES = 312
"""What a decoder yields before the first sample: libopus's look-ahead at 48 kHz (6.5 ms)."""

_BIT_RATE = 64_000  # bit/s, what Discord's channels carry by default


def new_encoder() -> AudioCodecContext:
    """Return an opened libopus encoder: 48 kHz, mono, 20 ms, 64 kbit/s."""
    import av

    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = OPUS_SAMPLE_RATE
    encoder.layout = "mono"
    encoder.format = "flt"
    encoder.bit_rate = _BIT_RATE
    # "audio" keeps the waveform; "voip" would filter it for the noisy microphone we do not have.
    encoder.options = {"application": "audio", "frame_duration": "20"}
    encoder.open()
    return encoder


def encode_opus(samples: npt.NDArray[np.float32]) -> tuple[bytes, ...]:
    """Encode samples (float32, shape (n,), 48 kHz, within [-1, 1]) as packets of 20 ms.

    The last packet is filled up with silence, and there is one more where the encoder's
    look-ahead needs it, so that a decoder gives back every sample after `PRE_SKIP_SAMPLES`:
    ceil((n + 312) / 960) packets.
    """
    import av

    encoder = new_encoder()
    packets = []
    for start in range(0, len(samples), FRAME_SAMPLES):
        part = samples[np.newaxis, start : start + FRAME_SAMPLES]
        frame = av.AudioFrame.from_ndarray(part, format="flt", layout="mono")
        frame.sample_rate = OPUS_SAMPLE_RATE
        frame.pts = start
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple(bytes(packet) for packet in packets)


def decode_opus(packets: Iterable[bytes]) -> npt.NDArray[np.float32]:
    """Decode packets of `encode_opus` to float32 samples of shape (n,) at 48 kHz.

    The look-ahead at the start is cut off; what filled up the last packet is not.
    """
    import av

    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate = OPUS_SAMPLE_RATE
    decoder.layout = "mono"
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    frames += decoder.decode(None)
    samples = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate([np.zeros(0, np.float32), *samples])[PRE_SKIP_SAMPLES:]


def to_opus_rate(samples: npt.NDArray[np.float32], rate: float) -> npt.NDArray[np.float32]:
    """Resample float32 samples of shape (n,) from `rate` Hz to 48 kHz with soxr."""
    import soxr

    return np.asarray(soxr.resample(samples, rate, OPUS_SAMPLE_RATE), dtype=np.float32)
