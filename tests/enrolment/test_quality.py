"""What is measured of a sample, and the verdict."""

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

from bot.clip_need import ClipNeed
from bot.enrolment.quality import loudness_lufs, rate, snr_db
from bot.enrolment.recording import Recording, record
from bot.enrolment.types import FRAME_SAMPLES, FRAME_SECONDS, EnrolmentLimits, QualityReport
from bot.enrolment.window import Window, choose_window
from tests.samples import RATE, Samples, encode

LIMITS = EnrolmentLimits()


def recorded(samples: Samples) -> Recording:
    return record(encode(samples.astype(np.float32), RATE, "wav", "pcm_f32le"), LIMITS)


def report(samples: Samples, codec: str = "pcm_f32le", rate_hz: int = RATE) -> QualityReport:
    data = encode(samples.astype(np.float32), rate_hz, "wav", codec)
    made = record(data, LIMITS)
    return rate(made, choose_window(made, LIMITS.keep_seconds), LIMITS)


def codes(report: QualityReport) -> list[str]:
    return [finding.code for finding in report.findings]


def whole(made: Recording) -> Window:
    return Window(0, len(made.power))


def with_noise(samples: Samples, level_db: float, rng: np.random.Generator) -> Samples:
    made = recorded(samples)
    power = made.power[made.is_speech].mean() / 10 ** (level_db / 10)
    return samples + np.sqrt(power) * rng.standard_normal(len(samples))


@pytest.mark.parametrize("level_db", [40, 30, 20, 10])
def test_noise_is_estimated_from_the_pauses(
    speech: Samples, level_db: float, rng: np.random.Generator
) -> None:
    made = recorded(with_noise(speech, level_db, rng))
    assert snr_db(made, whole(made)) == pytest.approx(level_db, abs=1)


@pytest.mark.parametrize("level_db", [30, 20, 10])
def test_noise_is_estimated_from_speech_that_never_pauses(
    speech: Samples, level_db: float, rng: np.random.Generator
) -> None:
    segments = recorded(speech).speech
    breathless = np.concatenate(
        [speech[start * FRAME_SAMPLES : end * FRAME_SAMPLES] for start, end in segments]
    )
    made = recorded(with_noise(breathless, level_db, rng))
    assert snr_db(made, whole(made)) == pytest.approx(level_db, abs=2)


def test_digital_silence_between_words_is_capped(speech: Samples) -> None:
    made = recorded(speech)
    made.power[~made.is_speech] = 0
    assert snr_db(made, whole(made)) == 60


def test_loudness_of_the_reference_tone() -> None:
    # EBU Tech 3341, case 1: a stereo sine at -23 dBFS is -23 LUFS; one channel is 3 LU less.
    time = np.arange(5 * RATE) / RATE
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * time)
    assert loudness_lufs(tone.astype(np.float32)) == pytest.approx(-26, abs=0.1)


@pytest.mark.parametrize("samples", [np.empty(0), np.zeros(RATE), np.full(3, 1e-9)])
def test_silence_has_no_loudness(samples: Samples) -> None:
    assert loudness_lufs(samples.astype(np.float32)) is None


def test_less_than_a_gating_block_has_a_loudness() -> None:
    assert loudness_lufs(np.full(RATE // 4, 0.1, np.float32)) is not None


def test_clear_speech_is_good(speech: Samples) -> None:
    rated = report(speech)
    assert rated.verdict == "good"
    assert rated.findings == ()
    assert rated.total_seconds == pytest.approx(12, abs=0.01)
    assert 8 < rated.speech_seconds < 12
    assert 0 <= rated.kept_start < rated.kept_end <= 12
    assert rated.kept_speech_seconds == pytest.approx(rated.speech_seconds)
    assert 70 < (rated.median_pitch_hz or 0) < 120


def test_noise_is_found(speech: Samples, rng: np.random.Generator) -> None:
    noisy = report(with_noise(speech, 14, rng))
    assert (noisy.verdict, codes(noisy)) == ("usable", ["noisy"])
    hopeless = report(with_noise(speech, 3, rng))
    assert (hopeless.verdict, codes(hopeless)) == ("rejected", ["too_noisy"])


def test_clipping_is_found(speech: Samples) -> None:
    loud = report(np.clip(4 * speech, -1, 1), "pcm_s16le")
    assert (loud.verdict, codes(loud)) == ("usable", ["clipped"])
    assert 0.001 < loud.clipped_share < 0.02
    flat = report(np.clip(12 * speech, -1, 1), "pcm_s16le")
    assert (flat.verdict, codes(flat)[0]) == ("rejected", "too_clipped")


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ipod", "aac"),
                                                  ("ogg", "libopus")])  # fmt: skip
def test_clipping_is_found_behind_a_lossy_codec(
    speech: Samples, container: str, codec: str
) -> None:
    data = encode(np.clip(8 * speech, -1, 1), RATE, container, codec)
    made = record(data, LIMITS)
    assert {"clipped", "too_clipped"} & set(codes(rate(made, whole(made), LIMITS)))


def test_speech_at_full_scale_is_not_clipped(speech: Samples) -> None:
    assert report(speech / np.abs(speech).max(), "pcm_s16le").verdict == "good"


def test_a_quiet_voice_is_found(speech: Samples) -> None:
    assert "quiet" in codes(report(0.03 * speech))


def test_telephone_quality_is_found(speech: Samples) -> None:
    assert codes(report(speech, "pcm_s16le", 8_000)) == ["narrowband"]


def test_little_speech_is_found(speech: Samples) -> None:
    assert codes(report(speech[: 5 * RATE])) == ["short"]
    rated = report(speech[: 2 * RATE])
    assert rated.verdict == "rejected"
    assert "too_short" in codes(rated)


NANO = ClipNeed(5.0, "nano")


@pytest.mark.parametrize(
    ("seconds", "need", "verdict", "code"),
    [
        (4.2, ClipNeed(), "usable", "short"),
        (4.2, NANO, "rejected", "too_short"),
        (4.2, replace(NANO, certain=False), "usable", "short"),
        (9.0, NANO, "good", None),
    ],
)
def test_a_clip_too_short_for_the_model_is_found(
    seconds: float, need: ClipNeed, verdict: str, code: str | None, speech: Samples
) -> None:
    made = record(encode(speech[: round(seconds * RATE)], RATE, "wav", "pcm_s16le"), LIMITS)
    window = choose_window(made, LIMITS.keep_seconds)
    rated = rate(made, window, replace(LIMITS, clip_need=need))
    assert (rated.verdict, codes(rated)) == (verdict, [code] if code else [])
    if code and need.more_than_seconds:
        (finding,) = rated.findings
        assert "the nano model" in finding.reason
        assert "needs more than 5 s." in finding.reason
        assert ("may be" in finding.reason) != need.certain
        assert "Record 10 to 20 seconds" in finding.advice


def test_a_clip_of_exactly_what_the_model_refuses_is_rejected(speech: Samples) -> None:
    made = record(encode(speech[: 8 * RATE], RATE, "wav", "pcm_s16le"), LIMITS)
    clip = Window(0, 156)
    for seconds, code in ((clip.end * FRAME_SECONDS, ["too_short"]), (4.99, ["short"])):
        rated = rate(made, clip, replace(LIMITS, clip_need=ClipNeed(seconds, "nano")))
        assert codes(rated) == code


@pytest.mark.parametrize(("level", "code"), [(0.0, "silence"), (1e-4, "silence"),
                                             (0.1, "no_speech")])  # fmt: skip
def test_no_speech_at_all_is_told_apart(level: float, code: str, rng: np.random.Generator) -> None:
    rated = report(level * rng.standard_normal(5 * RATE))
    assert (rated.verdict, codes(rated)) == ("rejected", [code])
    assert (rated.kept_start, rated.kept_end) == (0, 0)


def test_music_is_no_speech() -> None:
    rated = report(chords(8))
    assert (rated.verdict, codes(rated)) == ("rejected", ["no_speech"])


def chords(seconds: int) -> Samples:
    """Plucked chords, two a second."""
    music = np.zeros((seconds + 1) * RATE)
    time = np.arange(RATE) / RATE
    for beat in range(2 * seconds):
        root = 220 * 2 ** ((0, 5, 7, 3)[beat // 4 % 4] / 12)
        for step in (0, 4, 7, 12):
            for overtone in range(1, 6):
                wave = np.sin(2 * np.pi * root * 2 ** (step / 12) * overtone * time)
                music[beat * RATE // 2 :][:RATE] += wave * np.exp(-3 * time) / overtone
    return 0.5 * music / np.abs(music).max()


def test_every_finding_says_what_is_wrong_and_what_to_do(
    speech: Samples, rng: np.random.Generator
) -> None:
    for samples in (np.zeros(RATE), speech[:RATE], with_noise(speech, 3, rng), 0.01 * speech):
        for finding in report(samples).findings:
            assert finding.reason.endswith(".")
            assert finding.advice.endswith(".")


def test_the_report_is_a_json_object(speech: Samples) -> None:
    rated = report(0.02 * speech[: 4 * RATE])
    stored = json.loads(json.dumps(rated.to_json()))
    assert stored.keys() == {field.name for field in dataclasses.fields(QualityReport)}
    assert stored["findings"][0].keys() == {"code", "reason", "advice"}
