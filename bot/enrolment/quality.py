"""What is measured of a sample, and what it means for the voice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.enrolment.music import music_level
from bot.enrolment.pitch import median_pitch
from bot.enrolment.recording import Recording
from bot.enrolment.types import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    EnrolmentLimits,
    Finding,
    QualityReport,
    Verdict,
)
from bot.enrolment.window import Window
from bot.enrolment.words import beside_voice
from bot.i18n import Translatable, joined
from storage.types import CLIP_SAMPLE_RATE

Floats = npt.NDArray[np.float64]

SILENCE_DB = -60.0
"""dBFS. A recording whose loudest moment stays below is silence: a muted or wrong microphone."""

MAX_SNR_DB = 60.0
"""Below digital silence lies no noise that could be measured."""

MIN_NOISE_FRAMES = round(0.3 / FRAME_SECONDS)
"""Pauses shorter than this in all say nothing about the noise."""

NOISY_DB = 20.0
TOO_NOISY_DB = 6.0
"""A quiet room gives 30 dB and more. Under 20 dB the clone starts to imitate the noise; at 6 dB
the noise has a quarter of the power of the voice."""

CLIPPED_SHARE = 0.001
TOO_CLIPPED_SHARE = 0.025
"""Speech peaks are short. Measured on speech amplified into clipping: at 12 dB over, 0.1 to 0.5 %
are cut off and loud vowels turn harsh; at 20 dB over, 3 to 9 %, and a clone would be distorted."""

HUM_DB = -35.0
"""Hum this far below the speech is named; a quieter one is taken out without a word."""

QUIET_LUFS = -42.0
"""Some 20 LU under the usual level of speech; the recorder's own noise comes near."""

SHORT_SECONDS = 6.0
"""Chatterbox conditions its token model on 6 s."""

WIDEBAND_RATE = 16_000
"""Hz. A lower rate holds no sound over 7 kHz: the sibilants are lost, as on the telephone."""

_RECORD = Translatable(
    "Record 10 to 20 seconds in a quiet room, speaking as usual, a hand's breadth away."
)

_REJECTING = {"silence", "no_speech", "too_short", "too_noisy", "too_clipped"}


def rate(recording: Recording, window: Window, limits: EnrolmentLimits) -> QualityReport:
    """Measure a recording and its kept window, and judge it."""
    kept = recording.samples[window.start * FRAME_SAMPLES : window.end * FRAME_SAMPLES]
    kept_speech = recording.is_speech[window.start : window.end]
    clipped = recording.clipped[window.start : window.end]
    speech_seconds = float(kept_speech.sum() * FRAME_SECONDS)
    snr = snr_db(recording, window)
    share = min(1.0, float(clipped.mean())) if len(clipped) else 0.0
    lufs = loudness_lufs(kept)
    findings = (
        *_level_findings(snr, share, lufs, recording.source_rate),
        *_background_findings(recording),
        *_amount_findings(recording, speech_seconds, len(kept) / CLIP_SAMPLE_RATE, limits),
    )
    verdict = _verdict(findings)
    # Nothing is kept of what is rejected.
    kept_of = window if verdict != "rejected" else Window(0, 0)
    return QualityReport(
        total_seconds=recording.seconds,
        speech_seconds=float(recording.is_speech.sum() * FRAME_SECONDS),
        kept_start=kept_of.start * FRAME_SECONDS,
        kept_end=min(kept_of.end * FRAME_SECONDS, recording.seconds),
        kept_speech_seconds=speech_seconds if verdict != "rejected" else 0.0,
        snr_db=snr,
        clipped_share=share,
        loudness_lufs=lufs,
        median_pitch_hz=median_pitch(kept, kept_speech),
        verdict=verdict,
        # Worst first; distortion before a lack of speech, because it hides speech.
        findings=tuple(sorted(findings, key=lambda finding: finding.code not in _REJECTING)),
        origin=recording.origin.in_words,
    )


def snr_db(recording: Recording, window: Window) -> float | None:
    """Estimate the window's signal-to-noise ratio in dB; None without speech.

    Noise is the median power of the pauses in the window and up to a second around it; speech is
    the mean power of the speech without that noise. Where nobody pauses, the noise is taken from
    the quietest twentieth of the speech itself: the closures between its sounds, which hold
    mostly noise, so that the estimate errs on the low side.
    """
    power = recording.power[window.start : window.end]
    is_speech = recording.is_speech[window.start : window.end]
    if not is_speech.any():
        return None
    speech = power[is_speech]
    noise = _noise_power(recording, window, speech)
    signal = max(float(speech.mean()) - noise, 0.0)
    if signal <= noise * 10 ** (-MAX_SNR_DB / 10):
        return -MAX_SNR_DB
    return min(MAX_SNR_DB, float(10 * np.log10(signal / max(noise, 1e-12))))


def _noise_power(recording: Recording, window: Window, speech: Floats) -> float:
    around = round(1 / FRAME_SECONDS)
    near = slice(max(0, window.start - around), window.end + around)
    pauses = recording.power[near][~recording.is_speech[near]]
    if len(pauses) >= MIN_NOISE_FRAMES:
        return float(np.median(pauses))
    quietest = np.sort(speech)[: max(1, len(speech) // 20)]
    return float(quietest.mean())


def loudness_lufs(samples: npt.NDArray[np.float32]) -> float | None:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4); None for silence.

    samples: float32, shape (n,), 24 kHz. Less than one gating block of 400 ms is filled up with
    silence.
    """
    # Imported here: it imports SciPy, which belongs in the worker only.
    import pyloudnorm

    block = round(0.4 * CLIP_SAMPLE_RATE)
    filled = np.pad(samples, (0, max(0, block - len(samples)))).astype(np.float64)
    if not filled.any():
        return None
    with np.errstate(all="ignore"):
        loudness = float(pyloudnorm.Meter(CLIP_SAMPLE_RATE).integrated_loudness(filled))
    return loudness if np.isfinite(loudness) else None


def _amount_findings(
    recording: Recording, speech_seconds: float, clip_seconds: float, limits: EnrolmentLimits
) -> Iterator[Finding]:
    if recording.power.max(initial=0.0) < 10 ** (SILENCE_DB / 10):
        yield Finding(
            "silence",
            Translatable("The recording is silent."),
            joined((Translatable("Check that the right microphone is on and not muted."), _RECORD)),
        )
    elif speech_seconds == 0:
        yield Finding(
            "no_speech",
            Translatable("There is sound, but nobody is speaking: only noise or music was found."),
            joined((Translatable("Leave out music and effects."), _RECORD)),
        )
    elif speech_seconds < limits.min_speech_seconds:
        yield Finding(
            "too_short",
            Translatable(
                "Only {seconds:.1f} s of speech were found; at least {least:g} s are needed.",
                seconds=speech_seconds,
                least=limits.min_speech_seconds,
            ),
            _RECORD,
        )
    elif limits.clip_need.lacks(clip_seconds):
        yield _short_for_model(clip_seconds, limits.clip_need)
    elif speech_seconds < SHORT_SECONDS:
        yield Finding(
            "short",
            Translatable(
                "{seconds:.1f} s of speech are little for a good likeness.", seconds=speech_seconds
            ),
            Translatable("Record 10 to 20 seconds."),
        )


def _short_for_model(clip_seconds: float, need: ClipNeed) -> Finding:
    reason = Translatable(
        "Only {seconds:.1f} s from the first word to the last are there; {need}.",
        seconds=clip_seconds,
        need=need.in_words,
    )
    if need.certain:
        return Finding("too_short", reason, _RECORD)
    unsure = Translatable("If it is, the voice cannot speak.")
    return Finding("short", reason, joined((unsure, _RECORD)))


def _level_findings(
    snr: float | None, clipped: float, lufs: float | None, source_rate: int
) -> Iterator[Finding]:
    if snr is None:
        return
    if snr < NOISY_DB:
        yield _noise_finding(snr)
    if clipped >= CLIPPED_SHARE:
        yield _clipping_finding(clipped)
    if lufs is not None and lufs < QUIET_LUFS:
        yield Finding(
            "quiet",
            Translatable(
                "The voice is very quiet, far below what is usual ({level:.0f} LUFS).", level=lufs
            ),
            Translatable("Move closer to the microphone or raise its level, and record again."),
        )
    if source_rate < WIDEBAND_RATE:
        yield Finding(
            "narrowband",
            Translatable(
                "The recording sounds like a telephone call: the high sounds are missing (sample "
                "rate {rate:g} kHz).",
                rate=source_rate / 1000,
            ),
            Translatable(
                "Record with your phone's voice recorder, or on a computer (at 44.1 or 48 kHz)."
            ),
        )


def _background_findings(recording: Recording) -> Iterator[Finding]:
    spoken = recording.power[recording.is_speech]
    speech_power = float(spoken.mean()) if len(spoken) else 0.0
    notches = recording.hum.lines if recording.hum else ()
    music = music_level(recording.samples, recording.is_speech, speech_power, notches)
    if music is not None:
        yield Finding(
            "music",
            Translatable(
                "Music, or something else with a tune, sounds behind the voice, {how_loud}.",
                how_loud=beside_voice(music),
            ),
            Translatable("Turn off music, television and games, and record again."),
        )
    hum = recording.hum
    if hum is not None and hum.level_db > HUM_DB:
        yield Finding(
            "hum",
            Translatable(
                "The power line hums behind the voice, {how_loud}; what could be taken out was "
                "({frequency} Hz).",
                how_loud=beside_voice(hum.level_db),
                frequency=hum.mains_hz,
            ),
            Translatable(
                "Keep the microphone and its cable away from chargers, lamps and power supplies, "
                "or record on battery."
            ),
        )


def _noise_finding(snr: float) -> Finding:
    if snr < TOO_NOISY_DB:
        return Finding(
            "too_noisy",
            Translatable("The noise drowns the voice, {how_loud}.", how_loud=beside_voice(-snr)),
            _RECORD,
        )
    return Finding(
        "noisy",
        Translatable("There is noise behind the voice, {how_loud}.", how_loud=beside_voice(-snr)),
        Translatable("Record in a quiet room, without fans, music or other people."),
    )


def _clipping_finding(share: float) -> Finding:
    heavy = share >= TOO_CLIPPED_SHARE
    return Finding(
        "too_clipped" if heavy else "clipped",
        Translatable(
            "The recording is too loud and distorted ({percent:.1f} % of it is cut off).",
            percent=100 * share,
        ),
        Translatable("Lower the microphone's level or move away from it, then record again."),
    )


def _verdict(findings: tuple[Finding, ...]) -> Verdict:
    if any(finding.code in _REJECTING for finding in findings):
        return "rejected"
    return "usable" if findings else "good"
