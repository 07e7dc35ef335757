import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from bot.errors import UserError
from bot.speech.audio_file import SYNTHETIC_COMMENT, audio_bytes, ogg_bytes
from bot.speech.audio_formats import FORMATS, AudioFormat, format_of
from bot.speech.opus import PRE_SKIP_SAMPLES, decode_opus, encode_opus

Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def packets(speechlike: Samples) -> tuple[bytes, ...]:
    """Two sentences, each from an encoder of its own."""
    return encode_opus(speechlike) + encode_opus(speechlike)


def read(content: bytes) -> Samples:
    with av.open(io.BytesIO(content)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        assert container.streams.audio[0].rate == 48_000
        assert container.streams.audio[0].channels == 1
    samples = np.concatenate(frames)
    return samples / np.float32(32_768) if samples.dtype == np.int16 else samples


def similarity(a: Samples, b: Samples) -> float:
    """Correlation at the best alignment within 2,000 samples (MP3 encoders add a delay)."""
    size = 2 ** int(np.ceil(np.log2(len(a) + len(b))))
    cross = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))[:2_000]
    return float(cross.max() / np.sqrt(np.square(a).sum() * np.square(b).sum()))


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_file_sounds_like_the_packets(
    audio_format: AudioFormat, packets: tuple[bytes, ...]
) -> None:
    expected = decode_opus(packets)
    heard = read(audio_bytes(packets, audio_format))
    assert similarity(heard, expected) > 0.99
    assert len(heard) == pytest.approx(len(expected), abs=2_400)


@pytest.mark.parametrize("audio_format", ["wav", "flac"])
def test_a_lossless_file_holds_16_bit_pcm_of_the_exact_length(
    audio_format: AudioFormat, packets: tuple[bytes, ...]
) -> None:
    content = audio_bytes(packets, audio_format)
    info = soundfile.info(io.BytesIO(content))
    expected = decode_opus(packets)
    assert (info.format, info.subtype) == (audio_format.upper(), "PCM_16")
    assert info.frames == len(expected)
    samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    np.testing.assert_allclose(samples, expected, atol=1 / 32_000)


def test_an_ogg_holds_the_very_packets(packets: tuple[bytes, ...]) -> None:
    with av.open(io.BytesIO(ogg_bytes(packets))) as container:
        found = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert found == list(packets)


def test_an_ogg_says_what_to_skip(packets: tuple[bytes, ...]) -> None:
    content = ogg_bytes(packets)
    header = content[content.index(b"OpusHead") :]
    assert int.from_bytes(header[10:12], "little") == PRE_SKIP_SAMPLES


def test_other_players_read_the_ogg(packets: tuple[bytes, ...]) -> None:
    samples, rate = soundfile.read(io.BytesIO(ogg_bytes(packets)), dtype="float32")
    expected = decode_opus(packets)
    assert (rate, len(samples)) == (48_000, len(expected))
    assert np.corrcoef(samples, expected)[0, 1] > 0.999


@pytest.mark.parametrize("name", ["speech.m4a", "speech", "speech.wav.exe", ".wav"])
def test_an_unknown_suffix_names_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"\.wav, \.ogg, \.flac, \.mp3"):
        format_of(Path(name))


@pytest.mark.parametrize("name", ["speech.wav", "SPEECH.WAV", "a.b/speech.flac.wav"])
def test_a_suffix_names_the_format_in_any_case(name: str) -> None:
    assert format_of(Path(name)) == "wav"


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_file_says_that_it_is_synthetic(
    audio_format: AudioFormat, packets: tuple[bytes, ...]
) -> None:
    with av.open(io.BytesIO(audio_bytes(packets, audio_format))) as container:
        metadata = container.metadata | container.streams.audio[0].metadata
    assert metadata["comment"] == SYNTHETIC_COMMENT
