"""What a file shows of where it came from."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from bot.enrolment.traces import HEARD_SECONDS, traces_of
from bot.enrolment.types import AudioFileError, EnrolmentLimits
from bot.speech.audio_file import audio_bytes
from bot.speech.opus import encode_opus
from storage.audit_rows import packets_hash
from tests.samples import Samples, encode


def noise(seconds: float, rate: int = 48_000) -> Samples:
    return np.random.default_rng(3).normal(0, 0.1, round(seconds * rate)).astype(np.float32)


@pytest.fixture(scope="module")
def packets() -> tuple[bytes, ...]:
    """As the engine makes them: an encoder for each of two sentences."""
    return encode_opus(noise(2.0)) + encode_opus(noise(0.6))


@pytest.fixture
def ogg(packets: tuple[bytes, ...]) -> bytes:
    return audio_bytes(packets, "ogg")


def remuxed(content: bytes, container_format: str) -> bytes:
    """The same packets in another container."""
    target = io.BytesIO()
    with (
        av.open(io.BytesIO(content)) as source,
        av.open(target, "w", format=container_format) as container,
    ):
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                container.mux_one(packet)
    return target.getvalue()


def test_a_file_of_the_bot_has_the_hash_of_what_it_spoke(
    ogg: bytes, packets: tuple[bytes, ...], limits: EnrolmentLimits
) -> None:
    traces = traces_of(ogg, limits)
    assert traces.packets_sha256 == packets_hash(packets)
    assert (traces.rate, traces.samples.dtype) == (48_000, np.float32)
    assert len(traces.samples) / traces.rate == pytest.approx(len(packets) * 0.02, abs=0.05)


def test_another_container_of_the_same_packets_has_it_too(
    ogg: bytes, packets: tuple[bytes, ...], limits: EnrolmentLimits
) -> None:
    moved = remuxed(ogg, "webm")
    assert traces_of(moved, limits).packets_sha256 == packets_hash(packets)


def test_a_packet_less_is_another_hash(packets: tuple[bytes, ...], limits: EnrolmentLimits) -> None:
    cut = traces_of(audio_bytes(packets[:-1], "ogg"), limits)
    assert cut.packets_sha256 not in (None, packets_hash(packets))


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3"])
def test_what_was_encoded_anew_has_no_packets_to_compare(
    audio_format: str, packets: tuple[bytes, ...], limits: EnrolmentLimits
) -> None:
    content = audio_bytes(packets, audio_format)  # type: ignore[arg-type]
    assert traces_of(content, limits).packets_sha256 is None


def test_of_a_long_file_the_beginning_is_heard(limits: EnrolmentLimits) -> None:
    long = encode(noise(HEARD_SECONDS + 5, 24_000), 24_000, "wav", "pcm_s16le")
    traces = traces_of(long, limits)
    assert len(traces.samples) == HEARD_SECONDS * traces.rate


@pytest.mark.parametrize("content", [b"", b"no sound at all", b"OggS" + bytes(200)])
def test_what_is_no_sound_is_refused(content: bytes, limits: EnrolmentLimits) -> None:
    with pytest.raises(AudioFileError):
        traces_of(content, limits)
