"""Opus of a call to samples; encoded and decoded again by PyAV's libopus."""

import av
import numpy as np
import pytest

from bot.consent.packets import PlacedPacket, RecordedSpeech, packet_samples
from bot.enrolment.packets import DecodedSpeech, decode_speech
from bot.enrolment.types import AudioFileError
from loopback.audio import SAMPLE_RATE, Samples, best_correlation, decode_opus, encode_opus
from tests.voice.stage import babble

SPEECH = babble(2.0)
PACKETS = encode_opus(SPEECH)


def encode(
    samples: Samples, milliseconds: int, layout: str, application: str, bit_rate: int = 64_000
) -> list[bytes]:
    """Return Opus packets of another kind than the usual one."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, layout, "flt"
    encoder.bit_rate = bit_rate
    encoder.options = {"frame_duration": str(milliseconds), "application": application}
    encoder.open()
    channels = 2 if layout == "stereo" else 1
    each = milliseconds * SAMPLE_RATE // 1000
    packets: list[bytes] = []
    for start in range(0, len(samples) - each + 1, each):
        part = np.repeat(samples[start : start + each], channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(part, "flt", layout)
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def placed(packets: list[bytes], without: set[int] = frozenset(), pause: int = 0) -> RecordedSpeech:
    """Put packets one after the other, without those that were lost; a pause before the second."""
    kept: list[PlacedPacket] = []
    start = lost = 0
    for number, packet in enumerate(packets):
        if number in without:
            lost += 1
        else:
            kept.append(PlacedPacket(start, packet, lost))
            lost = 0
        start += packet_samples(packet) + (pause if number == 0 else 0)
    return RecordedSpeech(7, tuple(kept))


def test_decodes_what_another_decoder_does() -> None:
    decoded = decode_speech(placed(PACKETS))
    assert decoded.samples.dtype == np.float32
    assert decoded.samples.shape == (960 * len(PACKETS),)
    assert np.abs(decoded.samples - decode_opus(PACKETS)).max() < 1e-3
    assert (decoded.lost, decoded.damaged, decoded.concealed_seconds) == (0, 0, 0.0)


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(
    ("application", "milliseconds"),
    [
        *(("voip", length) for length in (10, 20, 40, 60)),
        *(("audio", length) for length in (10, 20, 40, 60)),
        ("lowdelay", 10),
        ("lowdelay", 20),
    ],
)
def test_packets_of_any_length_and_stereo_are_understood(
    application: str, milliseconds: int, layout: str
) -> None:
    packets = encode(SPEECH, milliseconds, layout, application)
    assert all(packet_samples(packet) == milliseconds * 48 for packet in packets)
    decoded = decode_speech(placed(packets))
    assert len(decoded.samples) == len(packets) * milliseconds * 48
    # "voip" takes away what is low, which turns the phase of the rest.
    alike = 0.9 if application == "voip" else 0.98
    assert best_correlation(SPEECH[: len(decoded.samples)], decoded.samples) > alike


def test_narrow_packets_of_a_poor_connection_are_understood() -> None:
    packets = encode(SPEECH, 20, "mono", "voip", bit_rate=12_000)
    assert all(packet[0] >> 3 < 12 for packet in packets[5:])  # SILK
    decoded = decode_speech(placed(packets))
    assert best_correlation(SPEECH[: len(decoded.samples)], decoded.samples) > 0.8


def test_pause_is_silence_of_its_length() -> None:
    decoded = decode_speech(placed(PACKETS, pause=SAMPLE_RATE))
    assert len(decoded.samples) == 960 * len(PACKETS) + SAMPLE_RATE
    assert not decoded.samples[960 : 960 + SAMPLE_RATE].any()


def residue(decoded: DecodedSpeech) -> float:
    whole = decode_opus(PACKETS)
    return float(np.sum((decoded.samples - whole) ** 2) / np.sum(whole**2))


def test_lost_packets_are_counted_and_concealed() -> None:
    lost = set(range(10, 95, 9))
    decoded = decode_speech(placed(PACKETS, lost))
    assert decoded.lost == len(lost)
    assert decoded.concealed_seconds == pytest.approx(0.02 * len(lost))
    assert len(decoded.samples) == 960 * len(PACKETS)
    assert best_correlation(decode_opus(PACKETS), decoded.samples) > 0.9
    gap = decoded.samples[960 * 10 : 960 * 11]
    assert np.abs(gap).max() > 0.01  # a guess, no hole


def test_long_loss_is_silence_after_a_tenth_of_a_second() -> None:
    decoded = decode_speech(placed(PACKETS, set(range(20, 60))))
    assert decoded.concealed_seconds == pytest.approx(0.1)
    assert not decoded.samples[960 * 25 : 960 * 60].any()
    assert len(decoded.samples) == 960 * len(PACKETS)


def test_damaged_packet_is_counted_and_leaves_silence() -> None:
    packets = [*PACKETS[:20], b"\xfb\x03\xff", *PACKETS[20:]]
    decoded = decode_speech(placed(packets))
    assert decoded.damaged == 1
    assert len(decoded.samples) == 960 * (len(PACKETS) + 3)


def test_samples_stay_within_full_scale() -> None:
    decoded = decode_speech(placed(encode_opus(np.sign(babble(0.5)))))
    assert np.abs(decoded.samples).max() <= 1


@pytest.mark.parametrize(
    "packets", [(), (PlacedPacket(0, b"\xf8abc"), PlacedPacket(10**9, b"\xf8abc"))]
)
def test_nothing_and_too_much_are_refused(packets: tuple[PlacedPacket, ...]) -> None:
    with pytest.raises(AudioFileError, match="empty or too long"):
        decode_speech(RecordedSpeech(7, packets))
