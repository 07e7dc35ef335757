"""All of enrolment that runs in the media worker: from an upload to a rated reference clip."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import structlog

from bot.enrolment.listen import listen
from bot.enrolment.picture import draw_picture
from bot.enrolment.quality import rate
from bot.enrolment.recording import Recording, record
from bot.enrolment.types import (
    FRAME_SAMPLES,
    SUPPORTED,
    AudioFileError,
    EnrolmentLimits,
    EnrolmentSample,
    QualityReport,
    SampleRejectedError,
)
from bot.enrolment.window import Window, choose_window
from bot.errors import UserError
from bot.i18n import Translatable, joined
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

log = structlog.get_logger(__name__)


def prepare_sample(data: bytes, limits: EnrolmentLimits) -> EnrolmentSample:
    """Turn an upload, the bytes of any audio file, into a clip with its report and picture.

    Raises `AudioFileError` if it cannot be read or is over a limit, `SampleRejectedError` (with
    report and picture) if no voice can be made of it, and `MemoryError`.
    """
    try:
        return _prepare(data, limits)
    except (UserError, MemoryError):
        raise
    except Exception as error:
        # A fault of ours or of a library, on an upload that nobody thought of: it goes to the log,
        # and the member can try another format.
        log.exception("upload could not be processed", stage="enrol", bytes=len(data))
        raise AudioFileError(
            joined(
                (
                    Translatable(
                        "The recording could not be processed. Open it in an audio program and "
                        "export it anew."
                    ),
                    SUPPORTED,
                )
            )
        ) from error


def _prepare(data: bytes, limits: EnrolmentLimits) -> EnrolmentSample:
    recording = listen(data, limits)
    return judged(recording, choose_window(recording, limits.keep_seconds), limits)


def judged(recording: Recording, window: Window, limits: EnrolmentLimits) -> EnrolmentSample:
    """Rate and draw the window that shall be kept. Raises `SampleRejectedError`."""
    report = rate(recording, window, limits)
    picture = draw_picture(recording, window, is_kept=report.verdict != "rejected")
    if report.verdict == "rejected":
        raise SampleRejectedError(_explain(report), report, picture)
    return EnrolmentSample(ReferenceClip(cut(recording, window)), report, picture)


def warm() -> None:
    """Import the libraries and run every stage once, so that the first upload is not slow."""
    # Imported here: it belongs in the worker only.
    import soundfile

    seconds = np.arange(2 * CLIP_SAMPLE_RATE) / CLIP_SAMPLE_RATE
    hum = 0.1 * np.sin(2 * np.pi * 120 * seconds)
    file = io.BytesIO()
    soundfile.write(file, hum, 48_000, format="WAV", subtype="PCM_16")
    recording = record(file.getvalue(), EnrolmentLimits())
    window = Window(0, len(recording.power))
    recording.is_speech[:] = True
    rate(recording, window, EnrolmentLimits())
    draw_picture(recording, window)


def cut(recording: Recording, window: Window) -> npt.NDArray[np.float32]:
    """Return the window's samples, within full scale; a copy, so that the rest can be freed."""
    kept = recording.samples[window.start * FRAME_SAMPLES : window.end * FRAME_SAMPLES].copy()
    # A lossy codec overshoots; scaling keeps the wave's shape, which clipping would not.
    peak = max(float(np.abs(kept).max()), 1.0)
    scaled: npt.NDArray[np.float32] = kept / np.float32(peak)
    return scaled


def _explain(report: QualityReport) -> Translatable:
    worst = report.findings[0]
    return joined((worst.reason, worst.advice))
