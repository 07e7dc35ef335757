"""Recordings with faults, made of clear speech."""

from __future__ import annotations

import io

import av
import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

from bot.enrolment.pipeline import prepare_sample
from bot.enrolment.types import EnrolmentLimits, EnrolmentSample
from tests.samples import RATE, Samples


def wav(samples: np.ndarray, subtype: str = "FLOAT") -> bytes:
    """samples: shape (n,) or (n, channels), 24 kHz."""
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype=subtype)
    return file.getvalue()


def prepared(data: bytes) -> EnrolmentSample:
    return prepare_sample(data, EnrolmentLimits())


def compare(sample: EnrolmentSample, speech: Samples) -> tuple[float, float]:
    """Return how the clip agrees with what was put in: correlation, and level in dB."""
    start = round(sample.report.kept_start * RATE)
    put_in = speech[start : start + len(sample.clip.samples)]
    clip = sample.clip.samples[: len(put_in)]
    return float(np.corrcoef(clip, put_in)[0, 1]), float(20 * np.log10(clip.std() / put_in.std()))


def codes(sample: EnrolmentSample) -> list[str]:
    return [finding.code for finding in sample.report.findings]


def noise(like: Samples, level_db: float, seed: int = 1) -> Samples:
    """White noise, its level against the speech."""
    made = np.random.default_rng(seed).standard_normal(len(like))
    return made * like.std() * 10 ** (level_db / 20)


def rumble(like: Samples, level_db: float) -> Samples:
    """What a truck outside or a hand on the table leaves: noise below 60 Hz."""
    low = sosfilt(butter(8, 50, fs=RATE, output="sos"), noise(like, 0))
    return low * like.std() / low.std() * 10 ** (level_db / 20)


def hum(like: Samples, mains_hz: float, level_db: float) -> Samples:
    """The mains with eleven harmonics."""
    time = np.arange(len(like)) / RATE
    wave = sum(np.sin(2 * np.pi * mains_hz * k * time + k) / k for k in range(1, 12))
    return wave * like.std() / wave.std() * 10 ** (level_db / 20)


def limited(samples: Samples, gain: float, ceiling: float) -> Samples:
    """A look-ahead limiter of 5 ms, as broadcasters use it."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    width = round(0.005 * RATE)
    envelope = maximum_filter1d(np.abs(gain * samples), 2 * width)
    reduction = uniform_filter1d(np.minimum(1, ceiling / np.maximum(envelope, 1e-9)), width)
    return gain * samples * reduction


def tracks(*sounds: Samples, container: str = "matroska", codec: str = "aac") -> bytes:
    """A file with several sound tracks."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        streams = [output.add_stream(codec, rate=48_000, layout="mono") for _ in sounds]
        for stream, sound in zip(streams, sounds, strict=True):
            frame = av.AudioFrame.from_ndarray(sound.astype("f4")[None], "flt", "mono")
            frame.sample_rate = RATE
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                output.mux(packet)
    return file.getvalue()
