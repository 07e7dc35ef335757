"""The recordings that members send in the scenes."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from loopback import Upload
from tests.enrolment.faults import noise, tracks, wav
from tests.samples import RATE, encode, speech_samples

PITCH_RATIO = 1.25  # not just the stock voice of the piper engine
_VOICE_MESSAGE = "voice-message.ogg"


@functools.cache
def good() -> Upload:
    """Clear speech, as a phone records it."""
    speech = speech_samples(16, pitch_ratio=PITCH_RATIO)
    return Upload("me.m4a", encode(speech, 44_100, "ipod", "aac", 2), "audio/mp4")


def shorter() -> Upload:
    """Other clear speech."""
    speech = speech_samples(14, pitch_ratio=PITCH_RATIO)[4 * RATE :]
    return Upload("again.m4a", encode(speech, 44_100, "ipod", "aac", 2), "audio/mp4")


def noisy() -> Upload:
    """Speech beside a fan, too near to the microphone."""
    speech = speech_samples(10, pitch_ratio=PITCH_RATIO)
    return Upload("kitchen.wav", wav(speech + noise(speech, -14)), "audio/wav")


def silence() -> Upload:
    """Nothing but the noise of the microphone."""
    samples = noise(speech_samples(4), -60)
    return Upload(_VOICE_MESSAGE, encode(samples.astype(np.float32), 48_000, "ogg", "libopus"),
                  "audio/ogg")  # fmt: skip


def short() -> Upload:
    """A sentence that was cut off."""
    samples = speech_samples(2, pitch_ratio=PITCH_RATIO)
    return Upload(_VOICE_MESSAGE, encode(samples, 48_000, "ogg", "libopus"), "audio/ogg")


def game() -> Upload:
    """A recorded game with the microphone on the second track."""
    speech = speech_samples(12, pitch_ratio=PITCH_RATIO)
    return Upload("game.mkv", tracks(noise(speech, -12), speech), "video/x-matroska")


def text() -> Upload:
    """No recording at all."""
    return Upload("notes.pdf", b"%PDF-1.7\n", "application/pdf")


def damaged() -> Upload:
    """A file that says it is a recording."""
    return Upload("broken.mp3", b"\x00" * 4000, "audio/mpeg")


def too_large() -> Upload:
    """A file over the limit."""
    return replace(damaged(), filename="long.wav", content=bytes(26 * 1024 * 1024))
