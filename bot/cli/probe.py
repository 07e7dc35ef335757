"""What `mynah check` asks PyAV."""

from __future__ import annotations

DECODERS = ("pcm_s16le", "pcm_f32le", "mp3", "aac", "flac", "vorbis", "opus")
ENCODERS = ("libopus", "libmp3lame", "flac", "pcm_s16le")


def missing_codecs() -> list[str]:
    """Return the codecs that PyAV lacks. Runs in the media worker."""
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    missing = []
    for decoder in DECODERS:
        try:
            Codec(decoder, "r")
        except UnknownCodecError:
            missing.append(f"decoder {decoder}")
    for encoder in ENCODERS:
        try:
            Codec(encoder, "w")
        except UnknownCodecError:
            missing.append(f"encoder {encoder}")
    return missing
