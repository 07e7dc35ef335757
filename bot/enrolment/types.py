"""What enrolment takes and hands out; light enough for the bot process to import."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.errors import UserError
from bot.i18n import Translatable, joined
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

FRAME_SECONDS = 0.032
"""Analysis frame: the 32 ms that the speech detector judges at a time."""

FRAME_SAMPLES = round(FRAME_SECONDS * CLIP_SAMPLE_RATE)
"""Samples of an analysis frame at 24 kHz: 768."""

HEARD_SECONDS = 30.0
"""Of what a file shows of where it came from: a watermark is all over it."""

SUPPORTED = Translatable("Send a recording as m4a, mp3, ogg, flac, wav or webm.")
"""What to do about a file that is not audio."""

Verdict = Literal["good", "usable", "rejected"]
FindingCode = Literal[
    "silence",
    "no_speech",
    "too_short",
    "short",
    "too_noisy",
    "noisy",
    "too_clipped",
    "clipped",
    "quiet",
    "narrowband",
    "hum",
    "music",
]


@dataclass(frozen=True, slots=True)
class EnrolmentLimits:
    """Bounds of one upload.

    max_bytes: size of the file. max_seconds: length of its audio.
    keep_seconds: longest reference clip that is kept of it.
    min_speech_seconds: less speech than this in the kept clip is refused.
    clip_need: how long the clip has to be for the model that speaks.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_seconds: float = 600
    keep_seconds: float = 30
    min_speech_seconds: float = 3
    clip_need: ClipNeed = field(default_factory=ClipNeed)

    def check_size(self, size: int) -> None:
        """Raise `AudioFileError` for a file of `size` bytes that is empty or over the limit."""
        if size == 0:
            raise AudioFileError(joined((Translatable("The file is empty."), SUPPORTED)))
        if size > self.max_bytes:
            raise AudioFileError(
                Translatable(
                    "The file has {size:.1f} MB; the limit is {limit:g} MB. Send a shorter "
                    "recording, or export it as m4a, mp3 or ogg.",
                    size=size / 2**20,
                    limit=self.max_bytes / 2**20,
                )
            )


@dataclass(frozen=True, slots=True)
class Origin:
    """What of a file was heard. track: counted from 1, of `tracks` sound tracks.

    channel: the name of the one channel that was taken instead of the mix, such as "front left".
    """

    track: int = 1
    tracks: int = 1
    channel: str | None = None

    @property
    def in_words(self) -> Translatable:
        """It in words; empty where there was no choice."""
        parts = []
        if self.tracks > 1:
            parts.append(
                Translatable(
                    "sound track {track} of {tracks}", track=self.track, tracks=self.tracks
                )
            )
        if self.channel:
            name = Translatable(self.channel)
            parts.append(Translatable("only the {channel} channel", channel=name))
        return joined(parts, ", ")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed about a sample: what it is, in plain words, and what to do about it."""

    code: FindingCode
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class QualityReport:
    """How good a sample is.

    total_seconds, speech_seconds: of the whole upload.
    kept_start, kept_end: the kept window in seconds from the start of the upload; both 0 when
        there is nothing worth keeping.
    kept_speech_seconds: speech within the kept window.
    snr_db: estimated signal-to-noise ratio of the kept window in dB, capped at 60; None without
        speech.
    clipped_share: share of the kept window's samples that are cut off, 0 to 1.
    loudness_lufs: integrated loudness of the kept window (ITU-R BS.1770-4); None for silence.
    median_pitch_hz: median fundamental frequency of the kept window's voiced speech in Hz; None
        when no frame was clearly voiced.
    findings: worst first; empty for a sample without fault.
    origin: which sound track and channel of the file was taken, in words; empty where there was no
        choice.
    """

    total_seconds: float
    speech_seconds: float
    kept_start: float
    kept_end: float
    kept_speech_seconds: float
    snr_db: float | None
    clipped_share: float
    loudness_lufs: float | None
    median_pitch_hz: float | None
    verdict: Verdict
    findings: tuple[Finding, ...]
    origin: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object, for the voice's row; numbers rounded for reading."""
        fields = asdict(self) | {"findings": [asdict(finding) for finding in self.findings]}
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in fields.items()}


@dataclass(frozen=True, slots=True)
class EnrolmentSample:
    """An accepted upload: the clip to keep, how good it is, and its picture (a PNG)."""

    clip: ReferenceClip
    report: QualityReport
    picture: bytes


@dataclass(frozen=True, slots=True)
class Traces:
    """What was found in a file.

    packets_sha256: of its Opus packets as they lie in it, see `storage.audit_rows.PacketsHash`;
    None where it holds anything but one track of Opus. samples: float32, shape (n,), the mix of
    the channels, the first `HEARD_SECONDS` at most; rate: in Hz.
    """

    packets_sha256: str | None
    samples: npt.NDArray[np.float32]
    rate: int


class AudioFileError(UserError):
    """The upload cannot be read as audio, or is over a limit."""


class SampleRejectedError(UserError):
    """The upload is audio, but no voice can be made of it.

    report, picture: as far as they could be made, to show the member what was heard.
    """

    def __init__(self, message: str, report: QualityReport, picture: bytes) -> None:
        # All three are arguments of Exception, so that the error survives pickling on its way
        # out of the worker.
        super().__init__(message, report, picture)
        self.report = report
        self.picture = picture

    def __str__(self) -> str:
        return str(self.args[0])
