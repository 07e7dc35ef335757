"""How long a file says it is, and whether all of it is there."""

from __future__ import annotations

import av
from av.container import InputContainer

from bot.enrolment.mpeg import counts_frames

EXACT_DURATION = {"flac", "mov", "matroska", "aiff", "caf", "w64"}
"""Containers whose header states the length rather than letting FFmpeg estimate it."""

ABSURD_SECONDS = 86_400.0
"""No upload holds a day: such a length is a placeholder."""

MISSING_SECONDS = 0.5
MISSING_SHARE = 0.02
"""A file is truncated when it lacks more than both of what it declares; less is a codec's
padding or a rounded header."""

_MAX_CHUNKS = 1000
_HEADERS = 65_536
_ENDLESS = 2**40
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"


def is_cut_off(
    container: InputContainer, data: bytes, heard_seconds: float, max_bytes: int
) -> bool:
    """Return whether a file breaks off before its end.

    heard_seconds: how much of it was decoded. max_bytes: size that no upload exceeds.
    """
    declared = declared_seconds(container, data, max_bytes)
    missing = declared - heard_seconds
    return _ogg_page_is_cut(data) or missing > max(MISSING_SECONDS, MISSING_SHARE * declared)


def with_open_end(data: bytes) -> bytes:
    """Return a file so that FFmpeg reads it to its end where the size of its samples is unknown.

    It does so by itself for RIFF, but takes the 64-bit sizes of RF64, BW64 and W64 at their word.
    """
    if data[:4] in (b"RF64", b"BW64") and data[12:16] == b"ds64":
        samples = int.from_bytes(data[28:36], "little")
        # As plain RIFF, whose own placeholder it carries already.
        return b"RIFF" + data[4:] if not 0 < samples < _ENDLESS else data
    if data.startswith(b"riff"):
        at = data.find(_W64_DATA, 0, _HEADERS)
        size = int.from_bytes(data[at + 16 : at + 24], "little")
        if at >= 0 and not 24 < size < _ENDLESS:
            return data[: at + 16] + (len(data) - at).to_bytes(8, "little") + data[at + 24 :]
    return data


def declared_seconds(container: InputContainer, data: bytes, max_bytes: int) -> float:
    """Return the length that the file's header states; 0 where it states none.

    A recorder that streams cannot know the length when it writes the header, and writes 0, -1,
    2 GiB or the like. A size that no upload can have therefore means that it is unknown.
    """
    seconds = (container.duration or 0) / av.time_base
    kind = container.format.name.split(",")[0]
    if kind in ("wav", "w64"):
        # FFmpeg corrects a length that is too long.
        size = _riff_size(data, max_bytes)
        return seconds * size / len(data)
    if kind == "mp3":
        # Only the tag of an encoder counts the frames; else FFmpeg guesses from the bit rate.
        return seconds if counts_frames(data) else 0.0
    # A film's length is that of its picture, which may outlast the sound.
    is_film = any(stream.type == "video" for stream in container.streams)
    if kind not in EXACT_DURATION or is_film or seconds > ABSURD_SECONDS:
        return 0.0
    return 0.0 if _pcm_bytes(container, seconds) > max_bytes else seconds


def _pcm_bytes(container: InputContainer, seconds: float) -> float:
    """Return the bytes that so much of an uncompressed track takes; 0 if it is compressed."""
    stream = container.streams.best("audio")
    context = getattr(stream, "codec_context", None)
    if context is None or not context.name.startswith("pcm_"):
        return 0.0
    return float(seconds * context.sample_rate * context.channels * context.format.bytes)


def _riff_size(data: bytes, max_bytes: int) -> int:
    """Return the size that a WAV, RF64, BW64 or W64 file states, in bytes; 0 if it is unknown."""
    if data.startswith(b"riff"):  # Sony Wave64: a GUID, then the size of all
        stated = [int.from_bytes(data[16:24], "little")]
    elif data[:4] in (b"RF64", b"BW64") and data[12:16] == b"ds64":  # EBU Tech 3306
        stated = [int.from_bytes(data[20:28], "little") + 8]
    elif data.startswith(b"RIFF"):
        stated = [int.from_bytes(data[4:8], "little") + 8, _end_of_samples(data)]
    else:
        return 0
    return next((size for size in stated if 8 < size <= max_bytes), 0)


def _end_of_samples(data: bytes) -> int:
    """Return where the chunk of samples should end; 0 if there is none."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        name, size = data[position : position + 4], data[position + 4 : position + 8]
        end = position + 8 + int.from_bytes(size, "little")
        if name == b"data":
            return end
        if end >= len(data):
            break
        position = end + end % 2
    return 0


def _ogg_page_is_cut(data: bytes) -> bool:
    """Whether the last Ogg page is longer than what is left of the file (RFC 3533, section 6)."""
    if not data.startswith(b"OggS"):
        return False
    page = data.rfind(b"OggS")
    header = data[page : page + 27]
    if len(header) < 27:
        return True
    lacing = data[page + 27 : page + 27 + header[26]]
    return page + 27 + header[26] + sum(lacing) > len(data)
