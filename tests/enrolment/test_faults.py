"""Every fault that recordings have: its verdict, and the clip against what was put in."""

import numpy as np
import pytest

from bot.enrolment.types import SampleRejectedError
from tests.enrolment.faults import (
    codes,
    compare,
    hum,
    limited,
    noise,
    prepared,
    rumble,
    tracks,
    wav,
)
from tests.samples import RATE, Samples, encode


def stereo(left: Samples, right: Samples) -> bytes:
    return wav(np.stack([left, right], axis=1))


def surround(count: int, **channels: Samples) -> bytes:
    """WAV's order: FL, FR, FC, LFE, BL, BR, SL, SR."""
    order = ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")
    length = len(next(iter(channels.values())))
    silence = np.zeros(length)
    return wav(np.stack([channels.get(name, silence) for name in order[:count]], axis=1))


@pytest.mark.parametrize("right", [-1.0, -0.9, -1.1, -0.5, 0.0, 1.0])
def test_a_stereo_recording_is_as_loud_as_its_louder_channel(speech: Samples, right: float) -> None:
    sample = prepared(stereo(speech, right * speech))
    assert sample.report.verdict == "good"
    correlation, level = compare(sample, speech)
    assert abs(correlation) > 0.999
    assert level == pytest.approx(0, abs=1)


def test_the_report_says_which_channel_was_taken(speech: Samples) -> None:
    assert prepared(stereo(0 * speech, speech)).report.origin == "only the right channel"
    assert prepared(stereo(speech, speech)).report.origin == ""


def test_of_a_voice_beside_noise_the_voice_is_taken(speech: Samples) -> None:
    sample = prepared(stereo(noise(speech, 3), speech))
    assert (sample.report.verdict, sample.report.origin) == ("good", "only the right channel")
    assert compare(sample, speech)[0] > 0.999


def test_of_a_talk_with_a_microphone_each_one_speaker_is_taken(speech: Samples) -> None:
    turn = (np.arange(len(speech)) // (4 * RATE)) % 2 == 0
    sample = prepared(stereo(speech * turn, speech[::-1] * ~turn))
    assert sample.report.origin == "only the left channel"


@pytest.mark.parametrize("count", [6, 8])
def test_speech_in_the_centre_keeps_its_level(speech: Samples, count: int) -> None:
    sample = prepared(surround(count, FC=speech, FL=noise(speech, -40), FR=noise(speech, -40, 2)))
    assert sample.report.verdict == "good"
    assert sample.report.origin == "only the front center channel"
    correlation, level = compare(sample, speech)
    assert correlation > 0.99
    assert level == pytest.approx(0, abs=1)


@pytest.mark.parametrize("channels", [{"FL", "FR"}, {"FL", "FR", "FC", "BL", "BR"}])
def test_speech_on_several_channels_of_a_film_keeps_its_level(
    speech: Samples, channels: set[str]
) -> None:
    sample = prepared(surround(6, **dict.fromkeys(channels, speech)))
    assert sample.report.verdict == "good"
    assert compare(sample, speech) == (pytest.approx(1, abs=0.001), pytest.approx(0, abs=1))


@pytest.mark.parametrize(("container", "codec", "channels"), [
    ("ipod", "aac", 6), ("ogg", "libopus", 6), ("ogg", "libopus", 8), ("mp3", "libmp3lame", 2),
])  # fmt: skip
def test_equal_channels_keep_their_level_behind_a_codec(
    speech: Samples, container: str, codec: str, channels: int
) -> None:
    sample = prepared(encode(speech, 48_000, container, codec, channels))
    assert compare(sample, speech)[1] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("container", ["matroska", "mp4", "mov", "mpegts"])
def test_the_track_with_the_most_speech_is_taken(speech: Samples, container: str) -> None:
    quiet, game = 0 * speech, noise(speech, -6)
    sample = prepared(tracks(quiet, game, speech, container=container))
    assert sample.report.verdict == "good"
    assert sample.report.origin == "sound track 3 of 3"
    assert compare(sample, speech)[1] == pytest.approx(0, abs=1)


def test_of_tracks_with_the_same_speech_the_clear_one_is_taken(speech: Samples) -> None:
    sample = prepared(tracks(speech + noise(speech, -8), speech))
    assert sample.report.origin == "sound track 2 of 2"


def test_a_file_whose_tracks_are_all_silent_says_so(speech: Samples) -> None:
    with pytest.raises(SampleRejectedError, match="silent") as caught:
        prepared(tracks(0 * speech, 0 * speech))
    assert caught.value.report.origin == "sound track 1 of 2"


@pytest.mark.parametrize("offset", [0.03, -0.03, 0.3])
def test_an_offset_does_no_harm(speech: Samples, offset: float) -> None:
    sample = prepared(wav(speech + offset))
    assert (sample.report.verdict, codes(sample)) == ("good", [])
    assert compare(sample, speech) == (pytest.approx(1, abs=0.002), pytest.approx(0, abs=1))
    assert abs(sample.clip.samples.mean()) < 1e-3


@pytest.mark.parametrize("level_db", [-12, -3, 3])
def test_rumble_does_no_harm(speech: Samples, level_db: float) -> None:
    sample = prepared(wav(speech + rumble(speech, level_db)))
    assert (sample.report.verdict, codes(sample)) == ("good", [])
    correlation, level = compare(sample, speech)
    assert correlation > 0.99
    assert level == pytest.approx(0, abs=1)


@pytest.mark.parametrize("mains_hz", [50, 60, 49.8, 49.95, 60.04, 60.2])
@pytest.mark.parametrize("level_db", [-5, -12, -20])
def test_hum_is_named_and_taken_out(speech: Samples, mains_hz: float, level_db: float) -> None:
    sample = prepared(wav(speech + hum(speech, mains_hz, level_db)))
    assert (sample.report.verdict, codes(sample)) == ("usable", ["hum"])
    assert f"{round(mains_hz, -1):.0f} Hz" in sample.report.findings[0].reason
    correlation, level = compare(sample, speech)
    assert correlation > 0.985
    assert level == pytest.approx(0, abs=1)


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("level_db", [-5, -20, -31])
def test_hum_behind_a_quiet_voice_is_not_called_music(
    speech: Samples, mains_hz: float, level_db: float
) -> None:
    quiet = 0.01 * speech
    sample = prepared(wav(quiet + hum(quiet, mains_hz, level_db)))
    assert "music" not in codes(sample)
    assert compare(sample, quiet)[1] == pytest.approx(0, abs=1)


def test_hum_whose_harmonics_the_voice_hides_is_taken_out_of_its_pauses(speech: Samples) -> None:
    pause = np.zeros(2 * RATE)
    loud = np.concatenate([speech, pause, speech])
    made = prepared(wav(loud + hum(loud, 50, -20))).clip.samples
    silent = slice(len(speech) + RATE // 2, len(speech) + RATE * 3 // 2)
    left = made[silent] if len(made) > len(loud) - RATE else made[-RATE:]
    assert 20 * np.log10(left.std() / speech.std()) < -45


@pytest.mark.parametrize("level_db", [-12, -25])
def test_music_is_heard_beside_hum(speech: Samples, level_db: float) -> None:
    both = music(12, -20, speech) + hum(speech, 50, level_db)
    assert {"music", "hum"} <= set(codes(prepared(wav(speech + both))))


def test_hum_that_nobody_hears_is_not_named(speech: Samples) -> None:
    assert prepared(wav(speech + hum(speech, 50, -42))).report.verdict == "good"


@pytest.mark.parametrize("lowered_db", [0, 1, 3, 6, 12])
@pytest.mark.parametrize("gain", [4, 5])
def test_clipping_is_found_at_any_level(speech: Samples, gain: float, lowered_db: float) -> None:
    sample = prepared(wav(np.clip(gain * speech, -1, 1) * 10 ** (-lowered_db / 20), "PCM_16"))
    assert (sample.report.verdict, codes(sample)) == ("usable", ["clipped"])
    assert 0.001 < sample.report.clipped_share < 0.02


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ipod", "aac"),
                                                  ("ogg", "libopus")])  # fmt: skip
@pytest.mark.parametrize("lowered_db", [1, 3, 6])
def test_clipping_that_was_lowered_is_found_behind_a_codec(
    speech: Samples, container: str, codec: str, lowered_db: float
) -> None:
    lowered = np.clip(4 * speech, -1, 1) * 10 ** (-lowered_db / 20)
    sample = prepared(encode(lowered.astype("f4"), 48_000, container, codec))
    assert codes(sample) == ["clipped"]


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("mp3", "libmp3lame"),
                                                  ("ipod", "aac"), ("ogg", "libopus")])  # fmt: skip
@pytest.mark.parametrize(("gain", "verdict"), [(3, "usable"), (8, "rejected"), (16, "rejected")])
def test_the_more_is_cut_off_the_worse_it_is_behind_any_codec(
    speech: Samples, container: str, codec: str, gain: float, verdict: str
) -> None:
    cut = np.clip(gain * speech / np.abs(speech).max(), -1, 1) * 0.5
    data = encode(cut.astype("f4"), 48_000, container, codec)
    try:
        report = prepared(data).report
    except SampleRejectedError as rejected:
        report = rejected.report
    assert report.findings[0].code == ("clipped" if verdict == "usable" else "too_clipped")


def test_clipping_of_one_side_is_found(speech: Samples) -> None:
    sample = prepared(wav(0.5 * np.maximum(4 * speech, -1)))
    assert codes(sample) == ["clipped"]


def test_heavy_clipping_is_refused_also_when_it_was_lowered(speech: Samples) -> None:
    with pytest.raises(SampleRejectedError, match="distorted"):
        prepared(wav(0.5 * np.clip(12 * speech, -1, 1)))


@pytest.mark.parametrize("ceiling", [0.99, 0.9, 0.5])
@pytest.mark.parametrize("gain", [4, 8])
def test_limited_speech_is_not_clipped(speech: Samples, gain: float, ceiling: float) -> None:
    assert codes(prepared(wav(limited(speech, gain, ceiling)))) == []


@pytest.mark.parametrize("peak", [1.0, 0.89, 0.5, 0.1])
def test_clean_speech_is_not_clipped_at_any_level(speech: Samples, peak: float) -> None:
    assert codes(prepared(wav(peak * speech / np.abs(speech).max(), "PCM_16"))) == []


def test_saturated_speech_is_not_clipped(speech: Samples) -> None:
    assert codes(prepared(wav(0.5 * np.tanh(4 * speech)))) == []


def test_a_rejected_sample_keeps_nothing(speech: Samples) -> None:
    with pytest.raises(SampleRejectedError) as caught:
        prepared(wav(speech[: 2 * RATE]))
    report = caught.value.report
    assert (report.kept_start, report.kept_end, report.kept_speech_seconds) == (0, 0, 0)
    assert report.speech_seconds > 1


def music(seconds: float, level_db: float, like: Samples, seed: int = 1) -> Samples:
    """Four held voices that change every second, each with overtones."""
    random = np.random.default_rng(seed)
    time = np.arange(RATE) / RATE
    bars = []
    for _ in range(int(seconds) + 1):
        notes = 110 * 2 ** (random.choice([0, 3, 5, 7, 10, 12, 15, 19, 24], 4, False) / 12)
        waves = [np.sin(2 * np.pi * note * k * time) / k for note in notes for k in range(1, 6)]
        bars.append(sum(waves) * np.hanning(RATE) ** 0.2)
    made = np.concatenate(bars)[: len(like)]
    return made * like.std() / made.std() * 10 ** (level_db / 20)


@pytest.mark.parametrize("level_db", [-12, -20, -30])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_bed_of_music_is_named(speech: Samples, level_db: float, seed: int) -> None:
    sample = prepared(wav(speech + music(12, level_db, speech, seed)))
    assert sample.report.verdict == "usable"
    assert "music" in codes(sample)
    assert compare(sample, speech)[1] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("level_db", [-10, -18, -30])
def test_noise_is_not_called_music(speech: Samples, level_db: float) -> None:
    assert "music" not in codes(prepared(wav(speech + noise(speech, level_db))))


def test_the_echo_of_a_room_is_not_called_music(speech: Samples) -> None:
    time = np.arange(RATE) / RATE
    room = np.random.default_rng(1).standard_normal(RATE) * 10 ** (-3 * time / 0.8)
    room *= 0.3 / np.sqrt(np.sum(room**2))
    room[0] = 1
    length = len(speech) + RATE
    echoed = np.fft.irfft(np.fft.rfft(speech, length) * np.fft.rfft(room, length), length)
    assert "music" not in codes(prepared(wav(echoed[: len(speech)])))
