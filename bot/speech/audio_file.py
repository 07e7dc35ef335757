"""Packets as a file that people can play: WAV, Ogg Opus, FLAC or MP3.

Runs in the media worker, so `av` is imported where it is used.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from bot.speech.audio_formats import AudioFormat
from bot.speech.opus import FRAME_SAMPLES, PRE_SKIP_SAMPLES, decode_opus
from bot.speech.types import OPUS_SAMPLE_RATE

if TYPE_CHECKING:
    from av.container import OutputContainer

SYNTHETIC_COMMENT = "Synthetic speech made by Mynah, not a recording of a person."
"""The comment in a file's metadata, for whoever comes across it elsewhere."""

_MP3_BIT_RATE = 96_000  # bit/s; mono speech gains nothing above


def audio_bytes(packets: Sequence[bytes], audio_format: AudioFormat) -> bytes:
    """Return a file of 48 kHz mono Opus packets of 20 ms.

    wav and flac are 16-bit PCM, ogg holds the packets themselves, mp3 is encoded anew. The metadata
    say that it is synthetic.
    """
    content = io.BytesIO()
    _WRITERS[audio_format](content, packets)
    return content.getvalue()


def ogg_bytes(packets: Sequence[bytes]) -> bytes:
    """Return an Ogg Opus file of the packets, which are not encoded anew."""
    return audio_bytes(packets, "ogg")


def _write_ogg(file: BinaryIO, packets: Sequence[bytes]) -> None:
    import av

    with _open(file, "ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_SAMPLE_RATE, layout="mono")
        # Writes the OpusHead with the encoder's look-ahead, which is that of our packets too.
        container.start_encoding()
        for index, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream = stream
            packet.time_base = Fraction(1, OPUS_SAMPLE_RATE)
            packet.pts = packet.dts = index * FRAME_SAMPLES - PRE_SKIP_SAMPLES
            packet.duration = FRAME_SAMPLES
            container.mux_one(packet)


def _write_wav(file: BinaryIO, packets: Sequence[bytes]) -> None:
    _encode(file, "wav", "pcm_s16le", packets)


def _write_flac(file: BinaryIO, packets: Sequence[bytes]) -> None:
    _encode(file, "flac", "flac", packets)


def _write_mp3(file: BinaryIO, packets: Sequence[bytes]) -> None:
    _encode(file, "mp3", "libmp3lame", packets, _MP3_BIT_RATE)


def _encode(
    file: BinaryIO, container_format: str, codec: str, packets: Sequence[bytes], bit_rate: int = 0
) -> None:
    import av

    # Rounded here rather than by the resampler, which truncates.
    samples = np.clip(np.round(decode_opus(packets) * 32_767), -32_768, 32_767).astype(np.int16)
    with _open(file, container_format) as container:
        stream = container.add_stream(codec, rate=OPUS_SAMPLE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        if bit_rate:
            stream.bit_rate = bit_rate
        for start in range(0, len(samples), OPUS_SAMPLE_RATE):
            part = samples[np.newaxis, start : start + OPUS_SAMPLE_RATE]
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate = OPUS_SAMPLE_RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _open(file: BinaryIO, container_format: str) -> OutputContainer:
    import av

    container = av.open(file, "w", format=container_format)
    container.metadata["comment"] = SYNTHETIC_COMMENT
    return container


_WRITERS: dict[AudioFormat, Callable[[BinaryIO, Sequence[bytes]], None]] = {
    "wav": _write_wav,
    "ogg": _write_ogg,
    "flac": _write_flac,
    "mp3": _write_mp3,
}
