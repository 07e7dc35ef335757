"""Uploads to mono float32, streaming from memory and bounded.

PyAV carries its own FFmpeg. What FFmpeg would do beyond decoding one file (playlists that open
other files or addresses, devices) is kept out by lists of allowed containers and decoders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
import structlog
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from bot.enrolment.channels import Balance, mix_weights
from bot.enrolment.formats import CODECS, OPTIONS
from bot.enrolment.lengths import is_cut_off, with_open_end
from bot.enrolment.tops import CLIPPED_LEVEL
from bot.enrolment.types import SUPPORTED, AudioFileError, EnrolmentLimits
from bot.enrolment.work import Progress, WatchedBytes, Work
from bot.errors import MynahError
from bot.i18n import Translatable, joined

Samples = npt.NDArray[np.float32]

log = structlog.get_logger(__name__)

MAX_LEVEL = 4.0
"""Float files may hold anything; beyond 12 dB over full scale it is damage, and squares of it
would overflow."""

SAMPLE_RATES = range(4_000, 768_001)
"""Hz. Below, there is no speech; above, no recorder, only files made to exhaust the resampler."""

MAX_TRACKS = 8
"""A game recorder writes up to six."""

MIN_PROBE_BYTES = 5_000_000
PROBE_MICROSECONDS = 3_600_000_000
"""How much of a file FFmpeg may search for streams: its own default at least, and all of it."""

MAX_CHANNELS = 8
"""7.1; more is a studio's session or a damaged file."""

BATCH_SAMPLES = 32_768
"""Samples per channel that are converted at a time; a call per decoder frame costs more than
decoding itself."""

_KNOWN_STARTS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\x1aE\xdf\xa3", b"FORM", b"caff")

_SEND_AGAIN = Translatable("Export or record it again and send the whole file.")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of decoded audio.

    samples: float32, shape (n,), the mix of the channels or one of them, within ±MAX_LEVEL.
    sample_rate: Hz. clipped: positions within `samples` where a channel that was heard is at full
    scale.
    """

    samples: Samples
    sample_rate: int
    clipped: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Source:
    """What of a file is heard. track: counted from 0. channel: its index; None is the mix."""

    track: int = 0
    channel: int | None = None


FIRST_MIX = Source()


class Survey:
    """What decoding finds out about a file besides its sound."""

    def __init__(self) -> None:
        self.tracks = 1
        self.balance = Balance()


def decode(
    data: bytes,
    limits: EnrolmentLimits,
    source: Source = FIRST_MIX,
    work: Work | None = None,
    survey: Survey | None = None,
) -> Iterator[Chunk]:
    """Decode a sound track of a file held in memory, chunk by chunk.

    work: what the upload has cost so far. survey: filled in on the way.

    Raises `AudioFileError` for a file that is empty, over a limit, not audio, without a sound
    track, truncated or damaged, or that takes too much work. Length and work are checked while
    decoding, because a small file can decode to hours.
    """
    limits.check_size(len(data))
    work = work or Work(len(data))
    # Streams may begin anywhere in a file without a header for them (FLV, MPEG): all of it is
    # searched. PyAV cannot take in one that appears while packets are read.
    options = {
        **OPTIONS,
        "probesize": str(max(len(data), MIN_PROBE_BYTES)),
        "analyzeduration": str(PROBE_MICROSECONDS),
    }
    file = WatchedBytes(with_open_end(data), work)
    try:
        with av.open(file, "r", metadata_errors="replace", options=options) as container:
            decoder = _Decoder(container, data, limits, work)
            yield from decoder.decode(source, survey or Survey())
    except (MynahError, MemoryError):
        raise
    except av.FFmpegError:
        raise _unreadable(data) from None
    except Exception as error:
        # PyAV raises what Python's containers and conversions do on streams that it did not expect.
        log.warning("unexpected error while decoding", stage="enrol", error=repr(error))
        raise _unreadable(data) from error


class _Decoder:
    """Reads one open file."""

    def __init__(
        self, container: InputContainer, data: bytes, limits: EnrolmentLimits, work: Work
    ) -> None:
        self._container = container
        self._data = data
        self._limits = limits
        self._progress = Progress(limits.max_seconds, work)

    def decode(self, source: Source, survey: Survey) -> Iterator[Chunk]:
        tracks = _sound_tracks(self._container)
        if not tracks:
            raise AudioFileError(joined((Translatable("The file has no sound track."), SUPPORTED)))
        survey.tracks = len(tracks)
        progress = self._progress
        for frame in _batched(self._frames(tracks[source.track])):
            chunk = self._to_chunk(frame, source.channel, survey.balance)
            progress.count_sound(len(chunk.samples) / chunk.sample_rate)
            yield chunk
        if progress.is_damaged:
            raise _unreadable(self._data)
        heard = max(progress.reached, progress.seconds)
        if is_cut_off(self._container, self._data, heard, self._limits.max_bytes):
            problem = Translatable(
                "The file is incomplete: it breaks off after {seconds:.1f} s.",
                seconds=progress.seconds,
            )
            raise AudioFileError(joined((problem, _SEND_AGAIN)))

    def _frames(self, stream: AudioStream) -> Iterator[AudioFrame]:
        for packet in _packets(self._container, stream):
            begin, base = packet.pts, float(packet.time_base or 0)
            self._progress.count_packet(
                None if begin is None else begin * base, (packet.duration or 0) * base
            )
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._progress.count_bad()
                if self._progress.is_hopeless:
                    return

    def _to_chunk(self, frame: AudioFrame, channel: int | None, balance: Balance) -> Chunk:
        count = frame.layout.nb_channels
        # PyAV miscounts the planes of planar frames with 8 channels and more and reads past them;
        # packed frames have one.
        channels: Samples = frame.to_ndarray().reshape(-1, count).astype(np.float32, copy=False)
        # The negated comparison also finds NaN.
        clipped: npt.NDArray[np.intp] = np.empty(0, np.intp)
        weights = _weights(frame, channel)
        if not (channels.max() < CLIPPED_LEVEL and channels.min() > -CLIPPED_LEVEL):
            channels = np.nan_to_num(channels, posinf=MAX_LEVEL, neginf=-MAX_LEVEL)
            channels = channels.clip(-MAX_LEVEL, MAX_LEVEL)
            over = np.abs(channels[:, weights > 0]) >= CLIPPED_LEVEL
            clipped = np.flatnonzero(over.any(axis=1))
        balance.add(channels, frame.layout)
        # As a product it is quicker than numpy's mean over so short an axis.
        return Chunk(channels @ weights, frame.sample_rate, clipped)


def _sound_tracks(container: InputContainer) -> list[AudioStream]:
    """Return the sound tracks that may be decoded, FFmpeg's choice first, at most `MAX_TRACKS`.

    Raises `AudioFileError` if all are of other kinds.
    """
    # PyAV's types leave out that FFmpeg may have no decoder.
    found = [s for s in container.streams.audio if getattr(s, "codec_context", None) is not None]
    known = [stream for stream in found if stream.codec_context.codec.name in CODECS]
    if found and not known:
        raise AudioFileError(
            joined(
                (
                    Translatable(
                        "The sound of this file is of a kind that is not read here ({codec}).",
                        codec=found[0].codec_context.codec.name,
                    ),
                    SUPPORTED,
                )
            )
        )
    best = container.streams.best("audio")
    known.sort(key=lambda stream: best is None or stream.index != best.index)
    return known[:MAX_TRACKS]


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    try:
        yield from container.demux(stream)
    except IndexError:
        # PyAV, at the end of a file in which a stream appeared after it was opened. Everything of
        # `stream` was read by then, but for what its decoder held back: less than a packet.
        return


def _weights(frame: AudioFrame, channel: int | None) -> Samples:
    """Return what each channel adds to what is heard, float32, shape (channels,)."""
    if channel is None or channel >= frame.layout.nb_channels:
        return mix_weights(frame.layout)
    alone = np.zeros(frame.layout.nb_channels, np.float32)
    alone[channel] = 1
    return alone


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
            Translatable(
                "The recording has a sample rate of {rate} Hz, which no recorder uses. Export it "
                "at 44100 or 48000 Hz.",
                rate=frame.sample_rate,
            )
        )
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise AudioFileError(
            Translatable(
                "The recording has {count} channels; at most {most} can be read. Export it as mono "
                "or stereo.",
                count=frame.layout.nb_channels,
                most=MAX_CHANNELS,
            )
        )


def _unreadable(data: bytes) -> AudioFileError:
    if data.startswith(_KNOWN_STARTS) or data[4:8] == b"ftyp":
        return AudioFileError(
            joined((Translatable("The file is damaged or incomplete."), _SEND_AGAIN))
        )
    return AudioFileError(joined((Translatable("This is not an audio file."), SUPPORTED)))
