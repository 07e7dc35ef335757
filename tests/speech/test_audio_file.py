import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from bot.errors import OutputError, UserError
from bot.speech.audio_file import ogg_bytes, write_audio
from bot.speech.opus import PRE_SKIP_SAMPLES, decode_opus, encode_opus

Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def packets(speechlike: Samples) -> tuple[bytes, ...]:
    """Two sentences, each from an encoder of its own."""
    return encode_opus(speechlike) + encode_opus(speechlike)


def read(path: Path) -> Samples:
    with av.open(str(path)) as container:
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


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".mp3", ".WAV"])
def test_a_file_sounds_like_the_packets(
    suffix: str, packets: tuple[bytes, ...], tmp_path: Path
) -> None:
    path = tmp_path / f"speech{suffix}"
    write_audio(path, packets)
    expected = decode_opus(packets)
    heard = read(path)
    assert similarity(heard, expected) > 0.99
    assert len(heard) == pytest.approx(len(expected), abs=2_400)


def test_a_wav_holds_16_bit_pcm_of_the_exact_length(
    packets: tuple[bytes, ...], tmp_path: Path
) -> None:
    write_audio(tmp_path / "speech.wav", packets)
    info = soundfile.info(tmp_path / "speech.wav")
    assert (info.format, info.subtype, info.frames) == ("WAV", "PCM_16", len(decode_opus(packets)))
    samples, _ = soundfile.read(tmp_path / "speech.wav", dtype="float32")
    np.testing.assert_allclose(samples, decode_opus(packets), atol=1 / 32_000)


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


@pytest.mark.parametrize("name", ["speech.flac", "speech", "speech.wav.exe"])
def test_an_unknown_suffix_names_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.mp3, \.ogg, \.wav"):
        write_audio(tmp_path / name, [])
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(
    packets: tuple[bytes, ...], tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=r"nowhere.speech\.wav cannot be written: No such file"):
        write_audio(tmp_path / "nowhere" / "speech.wav", packets)


def test_a_failure_keeps_the_old_file_and_leaves_nothing_else(
    packets: tuple[bytes, ...], tmp_path: Path
) -> None:
    directory = tmp_path / "speech.wav"
    (directory / "inside").mkdir(parents=True)
    with pytest.raises(OutputError):
        write_audio(directory, packets)
    assert [path.name for path in tmp_path.iterdir()] == ["speech.wav"]


def test_an_older_file_is_replaced(packets: tuple[bytes, ...], tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"old")
    write_audio(path, packets)
    assert path.read_bytes()[:4] == b"RIFF"
    assert [other.name for other in tmp_path.iterdir()] == ["speech.wav"]
