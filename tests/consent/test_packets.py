"""How long Opus packets last, and what a recording says of itself."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.packets import (
    SILENCE_FRAME,
    PlacedPacket,
    RecordedSpeech,
    packet_samples,
    sounding_samples,
)


@pytest.mark.parametrize(
    ("packet", "milliseconds"),
    [
        (b"\x00x", 10),  # SILK, 10 ms, one frame
        (b"\x18x", 60),  # SILK, 60 ms
        (b"\x68x", 20),  # hybrid, 20 ms
        (b"\xf8x", 20),  # CELT, 20 ms
        (b"\xfcx", 20),  # the same, in stereo
        (b"\xe0x", 2.5),
        (b"\xf0x", 10),
        (b"\xf9xx", 40),  # two frames of 20 ms
        (b"\xfb\x03xxx", 60),  # three, counted in the second byte
        (b"\x1b\x02xx", 120),
        (SILENCE_FRAME, 20),
    ],
)
def test_length_is_read_off_the_first_byte(packet: bytes, milliseconds: float) -> None:
    assert packet_samples(packet) == milliseconds * 48


@pytest.mark.parametrize("packet", [b"", b"\xfb", b"\xfb\x00", b"\x1b\x03xxx", b"\xfb\x3fxx"])
def test_what_is_no_opus_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="Opus packet"):
        packet_samples(packet)


@given(st.binary(max_size=8))
def test_whatever_is_taken_lasts_120_ms_at_most(packet: bytes) -> None:
    try:
        samples = packet_samples(packet)
    except ValueError:
        return
    assert 120 <= samples <= 5_760


def test_silence_and_comfort_noise_are_no_speech() -> None:
    assert [sounding_samples(p) for p in (SILENCE_FRAME, b"\xf8", b"\x68\x01")] == [0, 0, 0]


def test_recording_counts_pauses_as_time_and_not_as_speech() -> None:
    packets = (PlacedPacket(0, b"\xf8abc"), PlacedPacket(48_000, b"\xf8abc", lost=3))
    speech = RecordedSpeech(7, packets)
    assert (speech.seconds, speech.speech_seconds, speech.lost) == (1.02, 0.04, 3)
    assert pickle.loads(pickle.dumps(speech)) == speech
    assert RecordedSpeech(7, ()).seconds == 0
