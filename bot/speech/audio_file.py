"""Packets as a file that people can play: WAV, Ogg Opus or MP3.

Runs in the media worker, so `av` is imported where it is used.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from bot.errors import UserError
from bot.files import write_whole
from bot.speech.opus import FRAME_SAMPLES, PRE_SKIP_SAMPLES, decode_opus
from bot.speech.types import OPUS_SAMPLE_RATE

if TYPE_CHECKING:
    from av.container import OutputContainer

_MP3_BIT_RATE = 96_000  # bit/s; mono speech gains nothing above


def check_suffix(path: Path) -> None:
    """Raise `UserError` unless `write_audio` knows a format by the suffix."""
    if path.suffix.lower() not in _WRITERS:
        raise UserError(
            f"{path.name} does not say which format to write. "
            f"End the name in {', '.join(sorted(_WRITERS))}."
        )


def write_audio(path: Path, packets: Sequence[bytes]) -> None:
    """Write 48 kHz mono Opus packets of 20 ms as the format that the file's suffix names.

    .wav is 16-bit PCM, .ogg holds the packets themselves, .mp3 is encoded anew. The file appears
    whole or not at all.

    Raises `UserError` for another suffix, `OutputError` if the file cannot be written.
    """
    check_suffix(path)
    content = io.BytesIO()
    _WRITERS[path.suffix.lower()](content, packets)
    write_whole(path, content.getvalue())


def ogg_bytes(packets: Sequence[bytes]) -> bytes:
    """Return an Ogg Opus file of the packets, which are not encoded anew."""
    content = io.BytesIO()
    _write_ogg(content, packets)
    return content.getvalue()


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

    return av.open(file, "w", format=container_format)


_WRITERS: dict[str, Callable[[BinaryIO, Sequence[bytes]], None]] = {
    ".wav": _write_wav,
    ".ogg": _write_ogg,
    ".mp3": _write_mp3,
}
