import math

import numpy as np
import numpy.typing as npt
import pytest

from bot.speech.opus import (
    FRAME_SAMPLES,
    PRE_SKIP_SAMPLES,
    decode_opus,
    encode_opus,
    new_encoder,
    to_opus_rate,
)

Samples = npt.NDArray[np.float32]


def test_decoded_audio_is_what_was_encoded(speechlike: Samples) -> None:
    heard = decode_opus(encode_opus(speechlike))[: len(speechlike)]
    assert heard.dtype == np.float32
    assert np.corrcoef(heard, speechlike)[0, 1] > 0.99


def test_the_last_samples_are_not_lost(speechlike: Samples) -> None:
    # 960 - 312 samples fill a packet exactly; one more sample needs another packet.
    for samples in (648, 649, 960, 1_000, 1_608, 1_609):
        sent = speechlike[4_000 : 4_000 + samples]
        heard = decode_opus(encode_opus(sent))
        assert len(heard) >= samples
        assert np.abs(heard[samples - 200 : samples]).max() > 0.3 * np.abs(sent[-200:]).max()


def test_sentences_follow_one_another_in_one_stream(speechlike: Samples) -> None:
    first, second = encode_opus(speechlike[:30_000]), encode_opus(speechlike)
    heard = decode_opus(first + second)[len(first) * FRAME_SAMPLES :][: len(speechlike)]
    assert np.corrcoef(heard, speechlike)[0, 1] > 0.99


@pytest.mark.parametrize("samples", [1, 648, 649, 48_000])
def test_the_number_of_packets_covers_the_audio_and_no_more(
    samples: int, speechlike: Samples
) -> None:
    packets = encode_opus(speechlike[:samples])
    assert len(packets) == math.ceil((samples + PRE_SKIP_SAMPLES) / FRAME_SAMPLES)


def test_every_packet_holds_20_ms_of_mono(speechlike: Samples) -> None:
    packets = encode_opus(speechlike)
    # RFC 6716, section 3.1: the first byte's low bits are the stereo flag and the frame count code.
    assert all(packet[0] & 0b111 == 0 for packet in packets)
    assert len(decode_opus(packets)) == len(packets) * FRAME_SAMPLES - PRE_SKIP_SAMPLES


def test_the_pre_skip_is_the_encoders_own() -> None:
    header = new_encoder().extradata
    assert header is not None
    assert int.from_bytes(header[10:12], "little") == PRE_SKIP_SAMPLES


def test_the_bit_rate_is_about_64_kilobits(speechlike: Samples) -> None:
    packets = encode_opus(np.tile(speechlike, 5))
    assert 4_000 < sum(map(len, packets)) / (len(packets) * 0.02) < 10_000


def test_no_samples_decode_to_no_samples() -> None:
    assert len(decode_opus([])) == 0


def test_resampling_keeps_length_and_pitch() -> None:
    t = np.arange(22_050) / 22_050
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    resampled = to_opus_rate(tone, 22_050)
    assert resampled.dtype == np.float32
    assert abs(len(resampled) - 48_000) <= 1
    assert np.argmax(np.abs(np.fft.rfft(resampled))) == 440
