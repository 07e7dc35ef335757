"""Decoding: every format to the same audio, bounded, with a clear error for each bad file."""

import io
import re
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.enrolment.decode import Chunk, decode
from bot.enrolment.types import AudioFileError, EnrolmentLimits
from tests.samples import RATE, Samples, encode

LOSSLESS = [("pcm_s16le", 2e-5), ("pcm_s24le", 1e-6), ("pcm_s32le", 1e-6), ("pcm_f32le", 0.0),
            ("pcm_f64le", 0.0), ("pcm_u8", 5e-3)]  # fmt: skip
# container, codec, rate in Hz, channels
FORMATS = [
    ("ipod", "aac", 44_100, 2),
    ("mp4", "aac", 48_000, 2),
    ("adts", "aac", 44_100, 1),
    ("mp3", "libmp3lame", 44_100, 2),
    ("mp3", "libmp3lame", 16_000, 1),
    ("flac", "flac", 44_100, 2),
    ("ogg", "libopus", 48_000, 2),
    ("ogg", "libopus", 16_000, 1),
    ("ogg", "vorbis", 44_100, 2),
    ("webm", "libopus", 48_000, 1),
    ("matroska", "aac", 44_100, 2),
    ("wav", "pcm_s16le", 8_000, 1),
    ("wav", "pcm_s24le", 44_100, 6),
    ("ipod", "aac", 44_100, 8),
    ("ogg", "libopus", 48_000, 8),
    ("aiff", "pcm_s16be", 44_100, 2),
]


def chunks(data: bytes, limits: EnrolmentLimits | None = None) -> list[Chunk]:
    return list(decode(data, limits or EnrolmentLimits()))


def joined(data: bytes) -> Samples:
    return np.concatenate([chunk.samples for chunk in chunks(data)])


def wav(samples: np.ndarray, subtype: str = "FLOAT", rate: int = RATE) -> bytes:
    """samples: shape (n,) or (n, channels)."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def tone(seconds: float, rate: int = RATE) -> Samples:
    return (0.3 * np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 300 / rate)).astype("f4")


@pytest.mark.parametrize(("codec", "error"), LOSSLESS)
def test_every_sample_format_comes_out_at_full_precision(codec: str, error: float) -> None:
    samples = tone(0.5)
    assert np.abs(joined(encode(samples, RATE, "wav", codec)) - samples).max() <= error


@pytest.mark.parametrize(("container", "codec", "rate", "channels"), FORMATS)
def test_every_format_decodes_to_its_own_rate_and_length(
    container: str, codec: str, rate: int, channels: int
) -> None:
    decoded = chunks(encode(tone(2), rate, container, codec, channels))
    seconds = sum(len(chunk.samples) / chunk.sample_rate for chunk in decoded)
    assert {chunk.sample_rate for chunk in decoded} <= {rate, 48_000 if codec == "libopus" else 0}
    assert seconds == pytest.approx(2, abs=0.1)
    middle = np.concatenate([chunk.samples for chunk in decoded])[rate // 2 : rate]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(
        0.3 / np.sqrt(2), rel=0.15
    )  # 7.1 drops it from the bass


def test_channels_are_averaged() -> None:
    left, right = tone(1), tone(1)[::-1]
    assert joined(wav(np.stack([left, right], axis=1))) == pytest.approx(
        (left + right) / 2, abs=1e-6
    )


def test_clipped_samples_of_any_channel_are_found() -> None:
    stereo = np.zeros((1000, 2), np.float32)
    stereo[[10, 20], [0, 1]] = 1.0, -1.0
    [chunk] = chunks(wav(stereo))
    assert chunk.clipped.tolist() == [10, 20]


def test_damaged_float_samples_become_finite_and_bounded() -> None:
    samples = tone(1)
    samples[:4] = np.nan, np.inf, -np.inf, 1e30
    decoded = joined(wav(samples))
    assert np.isfinite(decoded).all()
    assert np.abs(decoded).max() <= 4


def test_undecodable_metadata_does_no_harm() -> None:
    data = bytearray(encode(tone(1), RATE, "mp3", "libmp3lame"))
    title = b"TIT2\x00\x00\x00\x05\x00\x00\x03\xff\xfe\xff\xff"  # says UTF-8 and is not
    data[:0] = b"ID3\x04\x00\x00\x00\x00\x00" + bytes([len(title)]) + title
    assert len(joined(bytes(data))) > RATE / 2


def test_libraries_write_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    data = encode(tone(2), RATE, "mp3", "libmp3lame")
    chunks(data[:5000] + bytes(200) + data[5000:])
    assert capfd.readouterr() == ("", "")


def test_a_cover_picture_is_no_obstacle() -> None:
    cover = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(cover, "JPEG")
    picture = b"\x00image/jpeg\x00\x03\x00" + cover.getvalue()
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\x00\x00" + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = b"ID3\x03\x00\x00" + size + frame + encode(tone(1), RATE, "mp3", "libmp3lame")
    assert len(joined(data)) == pytest.approx(RATE, rel=0.1)


def video_only(container: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("mpeg4", rate=10, width=64, height=64)
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (200, 200)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello world, this is no audio\n" * 100, "not an audio file"),
        (bytes(range(256)) * 500, "not an audio file"),
        (png(), "not an audio file"),
        (video_only("mp4"), "no sound track"),
        (video_only("matroska"), "no sound track"),
        (b"RIFF\xff\xff\x00\x00WAVEfmt ", "damaged or incomplete"),
        (wav(np.zeros(0, np.float32)), "damaged or incomplete"),
        (wav(tone(1), "PCM_16", rate=1000), "sample rate of 1000 Hz"),
        (wav(np.zeros((1000, 12))), "12 channels"),
    ],
    ids=["empty", "text", "bytes", "png", "mp4", "mkv", "header", "no samples", "rate", "channels"],
)
def test_bad_file_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(AudioFileError, match=message):
        chunks(data)


@pytest.mark.parametrize("kept", [0.97, 0.5, 0.05])
@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("ipod", "aac"), ("mp3", "libmp3lame"), ("flac", "flac"),
     ("ogg", "libopus"), ("ogg", "vorbis"), ("webm", "libopus")],
)  # fmt: skip
def test_truncated_file_is_refused(container: str, codec: str, kept: float) -> None:
    data = encode(tone(20), 48_000, container, codec, channels=2)
    with pytest.raises(AudioFileError, match="incomplete"):
        chunks(data[: int(len(data) * kept)])


def test_truncated_m4a_with_its_index_in_front_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index-first.m4a"
    with (
        av.open(io.BytesIO(encode(tone(20), RATE, "ipod", "aac"))) as source,
        av.open(path, "w", options={"movflags": "faststart"}) as output,
    ):
        stream = output.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    data = path.read_bytes()
    assert len(joined(data)) > 19 * RATE
    with pytest.raises(AudioFileError, match=r"incomplete: it breaks off after \d+\.\d s"):
        chunks(data[: len(data) * 3 // 4])


def test_streamed_wav_without_a_length_is_whole() -> None:
    data = bytearray(wav(tone(2), "PCM_16"))
    for field in (4, data.index(b"data") + 4):
        data[field : field + 4] = b"\xff\xff\xff\xff"
    assert len(joined(bytes(data))) == 2 * RATE


def test_file_over_the_size_limit_is_not_opened() -> None:
    with pytest.raises(AudioFileError, match=re.escape("25.0 MB; the limit is 25 MB")):
        chunks(bytes(25 * 2**20 + 1))


def test_an_hour_of_silence_in_a_small_file_is_stopped_at_the_limit() -> None:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8_000, 1, "PCM_16", format="FLAC") as output:
        for _ in range(60):
            output.write(np.zeros(60 * 8_000, np.int16))
    assert file.tell() < 500_000
    decoded: list[Chunk] = []
    with pytest.raises(AudioFileError, match="longer than 10 minutes"):
        decoded.extend(decode(file.getvalue(), EnrolmentLimits()))
    assert 590 * 8_000 < sum(len(chunk.samples) for chunk in decoded) <= 600 * 8_000


def test_a_playlist_cannot_open_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.wav").write_bytes(wav(tone(5), "PCM_16"))
    playlist = b"ffconcat version 1.0\nfile secret.wav\n"
    with av.open(io.BytesIO(playlist)) as opened:  # FFmpeg alone would
        assert opened.format.name == "concat"
    with pytest.raises(AudioFileError, match="not an audio file"):
        chunks(playlist)


SMALL = [
    encode(tone(0.4), RATE, container, codec)
    for container, codec in [("wav", "pcm_s16le"), ("ipod", "aac"), ("mp3", "libmp3lame"),
                             ("flac", "flac"), ("ogg", "libopus"), ("webm", "libopus")]
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.sampled_from(SMALL),
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=12),
    kept=st.floats(0, 1),
)
def test_mangled_files_only_ever_raise_the_error_for_people(
    data: bytes, edits: list[tuple[float, bytes]], kept: float
) -> None:
    mangled = bytearray(data)
    for position, change in edits:
        start = int(position**2 * len(mangled))  # headers are hit more often
        mangled[start : start + len(change)] = change
    cut = bytes(mangled[: int(len(mangled) * (1 - kept**3))])
    try:
        decoded = chunks(cut, EnrolmentLimits(max_seconds=60))
    except AudioFileError:
        return
    assert all(np.isfinite(chunk.samples).all() for chunk in decoded)
