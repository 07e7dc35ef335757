"""Opus packets as they came out of a call -> samples. Runs in the media worker."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext

from bot.consent.packets import OPUS_RATE, PlacedPacket, RecordedSpeech, packet_samples
from bot.enrolment.types import AudioFileError
from bot.i18n import Translatable

Samples = npt.NDArray[np.float32]

_MAX_CONCEALED_SECONDS = 0.1
"""Beyond, libopus has faded its guess out anyway; silence is more honest."""

_MAX_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class DecodedSpeech:
    """What was said.

    samples: float32, shape (n,), mono, 48 kHz. Pauses are silence of their true length.
    lost: packets that never came. damaged: packets that libopus could not read.
    concealed_seconds: how much of the samples is libopus's guess at what was lost.
    """

    samples: Samples
    lost: int
    damaged: int
    concealed_seconds: float


def decode_speech(speech: RecordedSpeech) -> DecodedSpeech:
    """Decode a recording. Packets of any length and stereo ones are understood.

    Raises `AudioFileError` if there is nothing in it, or it is longer than two minutes.
    """
    if not speech.packets or speech.seconds > _MAX_SECONDS:
        raise AudioFileError(
            Translatable("The recording is empty or too long. Record again, 20 to 40 seconds.")
        )
    decoding = _Decoding()
    for packet in speech.packets:
        decoding.add(packet)
    return DecodedSpeech(
        decoding.samples(), speech.lost, decoding.damaged, decoding.concealed / OPUS_RATE
    )


class _Decoding:
    """Decodes in order; the decoder carries what it knows from one packet to the next."""

    def __init__(self) -> None:
        self.damaged = 0
        self.concealed = 0  # samples
        self._decoder = _new_decoder()
        self._pieces: list[Samples] = []
        self._length = 0
        self._toc: int | None = None  # of the last packet

    def add(self, packet: PlacedPacket) -> None:
        """Append a packet and what is missing before it."""
        self._fill(packet.start - self._length, packet.lost)
        self._append(self._decoded(packet.opus))
        self._toc = packet.opus[0]

    def samples(self) -> Samples:
        """Return everything, within full scale."""
        return np.clip(np.concatenate(self._pieces), -1.0, 1.0)

    def _fill(self, missing: int, lost: int) -> None:
        """Fill a gap: lost packets come last in it, because pauses begin after a packet."""
        if missing <= 0:
            return
        guess = self._guess(missing, lost)
        self._append(guess)
        self._append(np.zeros(missing - len(guess), np.float32))

    def _guess(self, missing: int, lost: int) -> Samples:
        """Have libopus conceal what was lost: a packet without a frame asks for that.

        Source: RFC 6716, section 3.2.1 (a frame of no bytes), and `opus_decode` in libopus.
        """
        empty = np.zeros(0, np.float32)
        if not lost or self._toc is None:
            return empty
        request = bytes([self._toc & 0xFC])
        each = packet_samples(request)
        bound = min(missing, lost * each, round(_MAX_CONCEALED_SECONDS * OPUS_RATE))
        pieces = [self._decoded(request) for _ in range(bound // each)]
        guess = np.concatenate([empty, *pieces])[:missing]
        self.concealed += len(guess)
        return guess

    def _decoded(self, opus: bytes) -> Samples:
        try:
            frames = self._decoder.decode(av.Packet(opus))
        except av.FFmpegError:
            self.damaged += 1
            self._decoder = _new_decoder()
            return np.zeros(packet_samples(opus), np.float32)
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._pieces.append(samples)
            self._length += len(samples)


def _new_decoder() -> AudioCodecContext:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate = OPUS_RATE
    decoder.layout = "mono"  # libopus itself mixes stereo packets down
    decoder.options = {"request_sample_fmt": "flt"}
    return decoder
