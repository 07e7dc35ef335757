"""What a file shows of where it came from: the hash of its Opus packets, and its sound.

Runs in the media worker: FFmpeg has no place in the bot's process.
"""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer

from bot.enrolment.decode import decode
from bot.enrolment.formats import OPTIONS
from bot.enrolment.types import HEARD_SECONDS, EnrolmentLimits, Traces
from bot.enrolment.work import WatchedBytes, Work
from storage.audit_rows import PacketsHash


def traces_of(data: bytes, limits: EnrolmentLimits) -> Traces:
    """Look into a file held in memory; nothing of it is written.

    Raises `AudioFileError` for what is no sound, or over a limit.
    """
    samples, rate = _sound(data, limits)
    return Traces(_fingerprint(data), samples, rate)


def _sound(data: bytes, limits: EnrolmentLimits) -> tuple[npt.NDArray[np.float32], int]:
    parts: list[npt.NDArray[np.float32]] = []
    rate, left = 0, HEARD_SECONDS
    for chunk in decode(data, limits):
        if rate not in (0, chunk.sample_rate) or left <= 0:
            break
        rate = chunk.sample_rate
        parts.append(chunk.samples[: round(left * rate)])
        left -= len(parts[-1]) / rate
    return np.concatenate([np.zeros(0, np.float32), *parts]), rate


def _fingerprint(data: bytes) -> str | None:
    """Hash the packets without decoding them: a decoder's output depends on its version."""
    file = WatchedBytes(data, Work(len(data)))
    try:
        with av.open(file, "r", metadata_errors="replace", options=OPTIONS) as container:
            return _hash_of_packets(container)
    except av.FFmpegError:  # its sound could be read, which is all that is known of it
        return None


def _hash_of_packets(container: InputContainer) -> str | None:
    streams = container.streams
    if len(streams) != 1 or len(streams.audio) != 1:
        return None
    [stream] = streams.audio
    codec = getattr(stream, "codec_context", None)  # none where FFmpeg has no decoder
    if codec is None or codec.name not in ("opus", "libopus"):
        return None
    sha256 = PacketsHash()
    for packet in container.demux(stream):
        if packet.size:  # the last one is empty
            sha256.add(bytes(packet))
    return sha256.hexdigest()
