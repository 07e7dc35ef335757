"""What an upload may cost: files made to cost more are stopped early, in words."""

import contextlib
import io
import time

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.enrolment import work as work_module
from bot.enrolment.decode import Source, decode
from bot.enrolment.types import AudioFileError, EnrolmentLimits
from bot.enrolment.work import MAX_BAD_PACKETS, Progress, Work
from bot.errors import UserError
from tests.samples import RATE, encode

MEGABYTE = 2**20


def tone(seconds: float) -> np.ndarray:
    return (0.3 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * 300 / RATE)).astype("f4")


def read(data: bytes, limits: EnrolmentLimits | None = None) -> float:
    """Return the seconds of sound."""
    chunks = decode(data, limits or EnrolmentLimits())
    return sum(len(chunk.samples) / chunk.sample_rate for chunk in chunks)


def laces(count: int, size: int = 1) -> bytes:
    """A Matroska file whose sound is blocks of 256 laces of `size` bytes."""

    def element(number: str, content: bytes) -> bytes:
        return bytes.fromhex(number) + (len(content) | 1 << 56).to_bytes(8, "big") + content

    sound = element("B5", np.array(48_000, ">f4").tobytes()) + element("9F", b"\x01")
    entry = (element("D7", b"\x01") + element("73C5", b"\x01") + element("83", b"\x02")
             + element("86", b"A_MPEG/L3") + element("E1", sound))  # fmt: skip
    block = b"\x81\x00\x00\x04\xff" + bytes(256 * size)  # track 1, time 0, fixed-size laces
    blocks = element("E7", b"\x00") + element("A3", block) * (count // 256)
    head = element("1A45DFA3", element("4282", b"matroska"))
    info = element("1549A966", element("2AD7B1", (10**6).to_bytes(3, "big")))
    tracks = element("1654AE6B", element("AE", entry))
    return head + element("18538067", info + tracks + element("1F43B675", blocks))


@pytest.mark.parametrize(
    "data",
    [
        *(b"#!AMR\n" + bytes([byte]) * MEGABYTE for byte in (0x00, 0x3C, 0x7C, 0xFF)),
        *(b"#!AMR-WB\n" + bytes([byte]) * MEGABYTE for byte in (0x00, 0x44, 0x7C, 0xFF)),
        laces(500_000),
        laces(100_000, 4),
        b"\xff\xf1\x50\x80\x01\x1f\xfc" * 150_000,
        b"\xff\xfb\x10\xc4" * 250_000,
        b"OggS" + bytes(MEGABYTE),
    ],
    ids=["amr 00", "amr 3c", "amr 7c", "amr ff", "wb 00", "wb 44", "wb 7c", "wb ff",
         "laces", "longer laces", "adts", "mp3", "ogg"],
)  # fmt: skip
def test_a_megabyte_of_nothing_is_stopped_soon(data: bytes) -> None:
    begun = time.process_time()
    # Bytes that make valid frames of silence may be read as such.
    with contextlib.suppress(AudioFileError):
        assert read(data) <= 600
    assert time.process_time() - begun < 3


def test_bad_packets_end_decoding_when_they_pass_a_number_and_a_share() -> None:
    progress = Progress(600, Work(1000))
    for _ in range(MAX_BAD_PACKETS):
        progress.count_packet(None, 0)
        progress.count_bad()
    assert not progress.is_hopeless
    progress.count_bad()
    assert progress.is_hopeless
    for _ in range(2 * MAX_BAD_PACKETS):
        progress.count_packet(None, 0)
    assert not progress.is_hopeless


def test_the_containers_clock_ends_decoding_before_the_sound_does() -> None:
    progress = Progress(600, Work(1000))
    progress.count_packet(5_000.0, 0.02)  # a broadcast begins at any time of day
    progress.count_packet(5_599.0, 0.02)
    with pytest.raises(AudioFileError, match="longer than 10 minutes"):
        progress.count_packet(5_601.0, 0.02)


def test_packets_are_bounded_by_the_size_of_the_file() -> None:
    progress = Progress(600, Work(0))
    for _ in range(work_module.BASE_PACKETS):
        progress.count_packet(None, 0)
    with pytest.raises(AudioFileError, match="too much work"):
        progress.count_packet(None, 0)


def test_processor_time_is_bounded_by_the_size_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_module, "BASE_SECONDS", 0.0)
    monkeypatch.setattr(work_module, "SECONDS_PER_MB", 0.01)
    with pytest.raises(AudioFileError, match="too much work"):
        read(encode(tone(60), RATE, "mp3", "libmp3lame"))


def test_a_broadcast_that_begins_late_is_read() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts", options={"output_ts_offset": "50000"}) as output:
        stream = output.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(3)[None], "flt", "mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    assert read(file.getvalue()) == pytest.approx(3, abs=0.2)


def late_sound(flags: int) -> bytes:
    """An undamaged FLV whose sound begins 12 s after its picture; flags: of its header."""
    file = io.BytesIO()
    random = np.random.default_rng(0)
    packets = []
    with (
        av.open(io.BytesIO(encode(tone(6), 44_100, "mp3", "libmp3lame"))) as source,
        av.open(file, "w", format="flv") as output,
    ):
        picture = output.add_stream("flv1", rate=10, width=320, height=240)
        sound = output.add_stream_from_template(source.streams.audio[0])
        for number in range(200):
            pixels = random.integers(0, 255, (240, 320, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts = number
            packets += [(number / 10, packet) for packet in picture.encode(frame)]
        for packet in source.demux(source.streams.audio[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            begin = float(packet.pts * packet.time_base) + 12
            packet.pts = packet.dts = int(begin / packet.time_base)
            packet.stream = sound
            packets.append((begin, packet))
        for _, packet in sorted(packets, key=lambda timed: timed[0]):
            output.mux(packet)
    data = bytearray(file.getvalue())
    data[4] = flags
    return bytes(data)


@pytest.mark.parametrize("flags", [5, 4, 1, 0])
def test_sound_that_begins_after_the_picture_is_found(flags: int) -> None:
    assert read(late_sound(flags)) == pytest.approx(6, abs=0.2)


def test_a_stream_that_appears_while_packets_are_read_is_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.enrolment import decode as module

    monkeypatch.setattr(module, "MIN_PROBE_BYTES", 32)
    monkeypatch.setattr(module, "PROBE_MICROSECONDS", 1)
    for flags in (0, 1, 4):
        with contextlib.suppress(AudioFileError):
            assert read(late_sound(flags)) > 0


SMALL = [
    encode(tone(0.6), 48_000 if "ac3" in codec else RATE, container, codec)
    for container, codec in [
        ("wav", "pcm_s16le"), ("ipod", "aac"), ("mp4", "aac"), ("mov", "pcm_s16le"),
        ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus"), ("webm", "libopus"),
        ("matroska", "aac"), ("adts", "aac"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16be"),
        ("au", "pcm_s16be"), ("w64", "pcm_s16le"), ("avi", "pcm_s16le"), ("asf", "libmp3lame"),
        ("mpegts", "aac"), ("flv", "aac"), ("tta", "tta"), ("wv", "wavpack"), ("ac3", "ac3"),
        ("eac3", "eac3"), ("mp2", "mp2"),
    ]
]  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A file of any container, cut, with flipped bits, bytes put in, or spliced with another."""
    data = bytearray(draw(st.sampled_from(SMALL)))
    for position in draw(st.lists(st.floats(0, 1), max_size=12)):
        data[int(position**2 * (len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data[at:at] = draw(st.binary(max_size=16))
    if draw(st.booleans()):
        other = draw(st.sampled_from(SMALL))
        data = data[: draw(st.integers(0, len(data)))] + other[draw(st.integers(0, len(other))) :]
    return bytes(data[: int(len(data) * (1 - draw(st.floats(0, 1)) ** 3))])


@settings(max_examples=300, deadline=10_000, suppress_health_check=list(HealthCheck))
@given(mangled(), st.integers(0, 1))
def test_whatever_is_sent_only_the_error_for_people_comes_out(data: bytes, channel: int) -> None:
    try:
        chunks = list(decode(data, EnrolmentLimits(max_seconds=60), Source(channel=channel)))
    except UserError:
        return
    assert all(np.isfinite(chunk.samples).all() for chunk in chunks)
