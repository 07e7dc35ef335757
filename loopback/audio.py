"""Opus to samples, and how alike two recordings are."""

from __future__ import annotations

from collections.abc import Iterable

import av
import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 48_000
PACKET_SAMPLES = 960
_EDGE_SAMPLES = 4_800
Samples = npt.NDArray[np.float32]


def decode_opus(packets: Iterable[bytes | None]) -> Samples:
    """Return mono float32 samples at 48 kHz; a packet that is None becomes 20 ms of silence."""
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate = SAMPLE_RATE
    decoder.layout = "mono"
    silence = np.zeros(PACKET_SAMPLES, np.float32)
    pieces = [silence if packet is None else _decode(decoder, packet) for packet in packets]
    return np.concatenate([np.zeros(0, np.float32), *pieces])


def _decode(decoder: av.AudioCodecContext, packet: bytes) -> Samples:
    frames = decoder.decode(av.Packet(packet))
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return np.asarray(samples / 32768.0, np.float32)


def encode_opus(samples: Samples) -> list[bytes]:
    """Return mono Opus packets of 20 ms for float32 samples at 48 kHz (the rest is padded)."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    encoder.bit_rate = 64_000
    padded = np.pad(samples, (0, -len(samples) % PACKET_SAMPLES))
    whole = (padded * 32767).astype(np.int16).reshape(-1, 1, PACKET_SAMPLES)
    packets: list[bytes] = []
    for number, piece in enumerate(whole):
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, number * PACKET_SAMPLES
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def best_correlation(expected: Samples, heard: Samples) -> float:
    """Return the highest correlation of `expected` with a stretch of `heard` (1 is identical).

    Normalised cross-correlation over all shifts at which `expected` lies within `heard`, or
    stands out by at most the codec's delay and what it cut off.
    """
    missing = max(0, len(expected) - len(heard))
    heard = np.pad(heard, (_EDGE_SAMPLES, missing + _EDGE_SAMPLES))
    size = 1 << (len(heard) + len(expected)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(expected, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - len(expected) + 1]
    energy = np.concatenate([[0.0], np.cumsum(np.square(heard, dtype=np.float64))])
    local = energy[len(expected) :] - energy[: len(products)]
    norm = np.sqrt(np.maximum(local, 1e-9) * np.sum(np.square(expected, dtype=np.float64)))
    return float(np.max(products / norm))
