"""Which decoders run: those on the list, and none for pictures."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec import Codec
from av.codec.codec import UnknownCodecError

from bot.enrolment.decode import decode
from bot.enrolment.formats import CODECS, CONTAINERS
from bot.enrolment.types import AudioFileError, EnrolmentLimits
from tests.samples import RATE, Samples, encode

TONE: Samples = np.sin(np.arange(RATE, dtype=np.float32) / 20) / 2


def seconds(data: bytes) -> float:
    return sum(len(c.samples) / c.sample_rate for c in decode(data, EnrolmentLimits()))


def film() -> bytes:
    """A second of a picture that moves, and of a tone."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        picture = output.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = output.add_stream("aac", rate=RATE, layout="mono")
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(
                np.full((64, 64, 3), number * 20, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(picture.encode(frame))
        heard = av.AudioFrame.from_ndarray(TONE[None], "flt", "mono")
        heard.sample_rate = RATE
        output.mux([*sound.encode(heard), *sound.encode(None), *picture.encode(None)])
    return file.getvalue()


def test_a_decoder_that_is_not_listed_does_not_run() -> None:
    data = encode(TONE, 8_000, "matroska", "real_144")
    with pytest.raises(AudioFileError, match=r"of a kind that is not read here \(real_144\)"):
        seconds(data)


def test_of_a_film_the_sound_is_heard() -> None:
    assert seconds(film()) == pytest.approx(1.0, abs=0.1)


def test_no_listed_decoder_makes_pictures() -> None:
    kinds = set()
    for name in CODECS:
        try:
            kinds.add(Codec(name, "r").type)
        except UnknownCodecError:
            continue  # of another build of FFmpeg
    assert kinds == {"audio"}


def test_no_listed_container_refers_to_other_files() -> None:
    listed = set(CONTAINERS.split(","))
    assert not listed & {
        "hls",
        "concat",
        "dash",
        "sdp",
        "rtsp",
        "image2",
        "tedcaptions",
        "ffmetadata",
    }
    assert {"ogg", "mp3", "wav", "flac", "m4a", "mp4", "mov", "webm", "amr", "3gp"} <= listed
