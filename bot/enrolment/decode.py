"""Uploads to mono float32, streaming from memory and bounded.

PyAV carries its own FFmpeg. What FFmpeg would do beyond decoding one file (playlists that open
other files or addresses, devices) is kept out by a list of allowed containers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from bot.enrolment.types import SUPPORTED, AudioFileError, EnrolmentLimits

Samples = npt.NDArray[np.float32]

ALLOWED_CONTAINERS = (
    "3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,eac3,flac,flv,m4a,matroska,mov,mp2,mp3,"
    "mp4,mpeg,mpegts,ogg,rm,tta,w64,wav,webm,wv"
)
"""FFmpeg's names of the containers that are opened; none of them refers to other files."""

CLIPPED_LEVEL = 0.95
"""Share of full scale (-0.45 dB) from which a sample counts as clipped: mp3 and aac bring the flat
tops of a clipped wave down by a few hundredths. A clean recording that was normalised to full
scale has under 0.01 % of its samples there."""

MAX_LEVEL = 4.0
"""Float files may hold anything; beyond 12 dB over full scale it is damage, and squares of it
would overflow."""

SAMPLE_RATES = range(4_000, 768_001)
"""Hz. Below, there is no speech; above, no recorder, only files made to exhaust the resampler."""

MAX_CHANNELS = 8
"""7.1; more is a studio's session or a damaged file."""

EXACT_DURATION = {"flac", "mov", "matroska", "aiff", "caf", "w64"}
"""Containers whose header states the length rather than letting FFmpeg estimate it."""

BATCH_SAMPLES = 32_768
"""Samples per channel that are converted at a time; a call per decoder frame costs more than
decoding itself."""

MISSING_SECONDS = 0.5
MISSING_SHARE = 0.02
"""A file is truncated when it lacks more than both of what it declares; less is a codec's
padding or a rounded header."""

MAX_BAD_SHARE = 0.1
"""A stray unreadable packet is inaudible; a tenth of them is a damaged file."""

_KNOWN_STARTS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\x1aE\xdf\xa3", b"FORM", b"caff")

_SEND_AGAIN = "Export or record it again and send the whole file."


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of decoded audio.

    samples: float32, shape (n,), the mean of the channels, within ±MAX_LEVEL.
    sample_rate: Hz. clipped: positions within `samples` where any channel is clipped.
    """

    samples: Samples
    sample_rate: int
    clipped: npt.NDArray[np.intp]


def decode(data: bytes, limits: EnrolmentLimits) -> Iterator[Chunk]:
    """Decode the best audio stream of a file held in memory, chunk by chunk.

    Raises `AudioFileError` for a file that is empty, over a limit, not audio, without an audio
    stream, truncated or damaged. The length is checked while decoding, because a small file can
    decode to hours.
    """
    limits.check_size(len(data))
    try:
        with av.open(
            io.BytesIO(data),
            "r",
            metadata_errors="replace",
            options={"format_whitelist": ALLOWED_CONTAINERS},
        ) as container:
            yield from _decode_container(container, data, limits)
    except av.FFmpegError:
        raise _unreadable(data) from None


def _decode_container(
    container: InputContainer, data: bytes, limits: EnrolmentLimits
) -> Iterator[Chunk]:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise AudioFileError(f"The file has no sound track. {SUPPORTED}")
    progress = _Progress(limits.max_seconds)
    for frame in _batched(_frames(container, stream, progress)):
        chunk = _to_chunk(frame)
        progress.count(chunk)
        yield chunk
    if progress.seconds == 0 or progress.bad_packets > MAX_BAD_SHARE * progress.packets:
        raise _unreadable(data)
    _check_complete(container, data, progress)


class _Progress:
    """How far decoding came."""

    def __init__(self, max_seconds: float) -> None:
        self.seconds = 0.0
        self.reached = 0.0  # by the container's clock, which also counts gaps
        self.packets = 0
        self.bad_packets = 0
        self._max_seconds = max_seconds

    def count(self, chunk: Chunk) -> None:
        self.seconds += len(chunk.samples) / chunk.sample_rate
        if self.seconds > self._max_seconds:
            raise AudioFileError(
                f"The recording is longer than {_minutes(self._max_seconds)}. "
                "Send a part of it; 10 to 20 seconds of speech are enough."
            )


def _frames(
    container: InputContainer, stream: AudioStream, progress: _Progress
) -> Iterator[AudioFrame]:
    for packet in container.demux(stream):
        progress.packets += 1
        if packet.pts is not None and packet.time_base is not None:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            progress.reached = max(progress.reached, end)
        try:
            yield from packet.decode()
        except av.FFmpegError:
            progress.bad_packets += 1


def _batched(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """Join frames of equal format up to `BATCH_SAMPLES`, as packed 32-bit floats."""
    fifo, packer, kind = av.AudioFifo(), av.AudioResampler("flt"), None
    for frame in frames:
        _check_format(frame)
        frame_kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind not in (None, frame_kind):
            yield from _rest(fifo, packer)
            fifo, packer = av.AudioFifo(), av.AudioResampler("flt")
        kind = frame_kind
        frame.pts = None  # gaps are no reason to refuse a frame
        fifo.write(frame)
        if fifo.samples >= BATCH_SAMPLES:
            yield from _rest(fifo, packer)
    yield from _rest(fifo, packer)


def _rest(fifo: av.AudioFifo, packer: av.AudioResampler) -> Iterator[AudioFrame]:
    frame = fifo.read() if fifo.samples else None
    if frame is not None:
        yield from packer.resample(frame)


def _check_format(frame: AudioFrame) -> None:
    if frame.sample_rate not in SAMPLE_RATES:
        raise AudioFileError(
            f"The recording has a sample rate of {frame.sample_rate} Hz, which no recorder uses. "
            "Export it at 44100 or 48000 Hz."
        )
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise AudioFileError(
            f"The recording has {frame.layout.nb_channels} channels; at most {MAX_CHANNELS} can "
            "be read. Export it as mono or stereo."
        )


def _to_chunk(frame: AudioFrame) -> Chunk:
    count = frame.layout.nb_channels
    # PyAV miscounts the planes of planar frames with 8 channels and more and reads past them;
    # packed frames have one.
    channels: Samples = frame.to_ndarray().reshape(-1, count).astype(np.float32, copy=False)
    clipped: npt.NDArray[np.intp] = np.empty(0, np.intp)
    # The negated comparison also sends NaN the slow way.
    if not (channels.max() < CLIPPED_LEVEL and channels.min() > -CLIPPED_LEVEL):
        channels = np.nan_to_num(channels, posinf=MAX_LEVEL, neginf=-MAX_LEVEL)
        clipped = np.flatnonzero(np.any(np.abs(channels) >= CLIPPED_LEVEL, axis=1))
        channels = channels.clip(-MAX_LEVEL, MAX_LEVEL)
    # The mean; as a product it is quicker than numpy's over so short an axis.
    mono: Samples = channels @ np.full(count, 1 / count, np.float32)
    return Chunk(mono, frame.sample_rate, clipped)


def _check_complete(container: InputContainer, data: bytes, progress: _Progress) -> None:
    declared = _declared_seconds(container, data)
    missing = declared - max(progress.reached, progress.seconds)
    if _ogg_page_is_cut(data) or missing > max(MISSING_SECONDS, MISSING_SHARE * declared):
        raise AudioFileError(
            f"The file is incomplete: it breaks off after {progress.seconds:.1f} s. {_SEND_AGAIN}"
        )


def _declared_seconds(container: InputContainer, data: bytes) -> float:
    """Return the length that the file's header states; 0 where it states none."""
    seconds = (container.duration or 0) / av.time_base
    kind = container.format.name.split(",")[0]
    if kind == "wav":
        # FFmpeg corrects a RIFF length that is too long; streams carry a length of 2**32 - 1.
        declared = int.from_bytes(data[4:8], "little") + 8
        is_stream = declared >= 2**32 - 1 or not data.startswith(b"RIFF")
        return 0.0 if is_stream else seconds * declared / len(data)
    if kind == "mp3":
        # Only the tag of an encoder counts the frames; else FFmpeg guesses from the bit rate.
        has_count = b"Xing" in data or b"Info" in data
        return seconds if has_count else 0.0
    # A film's length is that of its picture, which may outlast the sound.
    is_film = any(stream.type == "video" for stream in container.streams)
    return seconds if kind in EXACT_DURATION and not is_film else 0.0


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


def _unreadable(data: bytes) -> AudioFileError:
    if data.startswith(_KNOWN_STARTS) or data[4:8] == b"ftyp":
        return AudioFileError(f"The file is damaged or incomplete. {_SEND_AGAIN}")
    return AudioFileError(f"This is not an audio file. {SUPPORTED}")


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
