"""Whether a file is whole, whatever its header says."""

import io
import struct

import av
import numpy as np
import pytest
from PIL import Image

from bot.enrolment.decode import decode
from bot.enrolment.mpeg import counts_frames
from bot.enrolment.types import AudioFileError, EnrolmentLimits
from tests.samples import RATE, encode

PLACEHOLDERS = [
    0xFFFFFFFF,
    0,
    0x7FFFFFFF,
    0x7FFFF024,
    0x80000024,
    0xFFFFFFF7,
    0x7FFF0000,
    0x40000000,
]


def tone(seconds: float) -> np.ndarray:
    return (0.3 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * 300 / RATE)).astype("f4")


def seconds(data: bytes) -> float:
    return sum(len(c.samples) / c.sample_rate for c in decode(data, EnrolmentLimits()))


def wav() -> bytearray:
    return bytearray(encode(tone(2), RATE, "wav", "pcm_s16le"))


def rf64(size: int, magic: bytes = b"RF64") -> bytes:
    plain = bytes(wav())
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size, size, 0, 0)
    at = plain.index(b"data") + 4
    rest = plain[12:at] + b"\xff" * 4 + plain[at + 4 :]
    return magic + b"\xff" * 4 + b"WAVE" + ds64 + rest


@pytest.mark.parametrize("size", PLACEHOLDERS, ids=hex)
@pytest.mark.parametrize("fields", [("RIFF",), ("data",), ("RIFF", "data")], ids="+".join)
def test_a_wav_with_a_placeholder_for_its_size_is_whole(size: int, fields: tuple[str, ...]) -> None:
    data = wav()
    for field in fields:
        at = data.index(field.encode()) + 4
        data[at : at + 4] = struct.pack("<I", size)
    assert seconds(bytes(data)) == pytest.approx(2)


@pytest.mark.parametrize("size", [0, 2**63 - 1, 2**64 - 1, 2**40], ids=hex)
@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_a_long_wav_with_a_placeholder_is_whole(size: int, magic: bytes) -> None:
    assert seconds(rf64(size, magic)) == pytest.approx(2)


@pytest.mark.parametrize("size", [0x7FFFFFFFFFFFFFFF, 2**40], ids=hex)
def test_a_wave64_with_a_placeholder_is_whole(size: int) -> None:
    data = bytearray(encode(tone(2), RATE, "w64", "pcm_s16le"))
    data[16:24] = struct.pack("<Q", size)
    at = data.index(b"data\xf3\xac\xd3\x11") + 16
    data[at : at + 8] = struct.pack("<Q", size)
    assert seconds(bytes(data)) == pytest.approx(2)


def test_a_file_that_lacks_what_it_states_is_still_refused() -> None:
    for whole in (bytes(wav()), rf64(len(wav()) + 28), encode(tone(2), RATE, "w64", "pcm_s16le")):
        assert seconds(whole) == pytest.approx(2)
        with pytest.raises(AudioFileError, match="incomplete"):
            seconds(whole[: len(whole) // 2])


def test_a_wav_is_refused_for_its_data_where_only_the_size_of_all_is_unknown() -> None:
    data = wav()
    data[4:8] = b"\xff" * 4
    with pytest.raises(AudioFileError, match="incomplete"):
        seconds(bytes(data[: len(data) // 2]))


def test_an_aiff_with_a_placeholder_is_whole() -> None:
    data = bytearray(encode(tone(2), RATE, "aiff", "pcm_s16be"))
    at = data.index(b"COMM") + 10
    data[at : at + 4] = struct.pack(">I", 0x7FFFFFFF)
    assert seconds(bytes(data)) == pytest.approx(2)


def test_a_flac_of_unknown_length_is_whole() -> None:
    data = bytearray(encode(tone(2), RATE, "flac", "flac"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert seconds(bytes(data)) == pytest.approx(2)


def mp3(count: bool, length: float = 8) -> bytes:
    """An mp3 with or without an encoder's tag in its first frame."""
    file = io.BytesIO()
    samples = tone(length)
    frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
    frame.sample_rate = RATE
    options = {"write_xing": str(int(count)), "id3v2_version": "0"}
    with av.open(file, "w", format="mp3", options=options) as output:
        stream = output.add_stream("libmp3lame", rate=RATE, layout="mono")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def id3(name: bytes, content: bytes) -> bytes:
    frame = name + len(content).to_bytes(4, "big") + b"\x00\x00" + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frame


def cover(text: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "JPEG", comment=text)
    return b"\x00image/jpeg\x00\x03\x00" + file.getvalue()


TAGS = [
    b"",
    id3(b"TIT2", b"\x00Information desk"),
    id3(b"TIT2", b"\x00Xing Xing"),
    id3(b"TPE1", b"\x00VBRI"),
    id3(b"APIC", cover(b"Info Xing VBRI")),
    id3(b"TIT2", b"\x00Info") + id3(b"TALB", b"\x00Xing"),
]


@pytest.mark.parametrize("tag", TAGS)
def test_only_the_first_frame_counts_an_mp3(tag: bytes) -> None:
    assert counts_frames(tag + mp3(count=True))
    assert not counts_frames(tag + mp3(count=False))


@pytest.mark.parametrize("tag", TAGS)
def test_an_mp3_without_a_count_is_never_incomplete(tag: bytes) -> None:
    assert seconds(tag + mp3(count=False)) == pytest.approx(8, abs=0.2)
    cut = mp3(count=False)[: len(mp3(count=False)) // 2]
    assert seconds(tag + cut) == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("tag", TAGS)
def test_an_mp3_with_a_count_is_refused_if_it_is_cut(tag: bytes) -> None:
    whole = mp3(count=True)
    with pytest.raises(AudioFileError, match="incomplete"):
        seconds(tag + whole[: len(whole) // 2])


@pytest.mark.parametrize("rate", [44_100, 48_000, 32_000, 22_050, 16_000, 8_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_count_is_found_in_every_kind_of_mp3(rate: int, channels: int) -> None:
    assert counts_frames(encode(tone(2), rate, "mp3", "libmp3lame", channels))


def test_scraps_count_nothing() -> None:
    for data in (b"", b"ID3", b"\xff\xfb", b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f", bytes(100)):
        assert not counts_frames(data)
