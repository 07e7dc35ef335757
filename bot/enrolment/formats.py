"""Which files are opened: what people record and send, instead of all that FFmpeg can read.

Each container and decoder is code that strangers' bytes run through. Left out are playlists and
what else refers to other files, games' and films' formats, and every decoder of pictures: of a film
only the sound is heard.
"""

from __future__ import annotations

CONTAINERS = (
    "3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,eac3,flac,flv,m4a,matroska,mov,mp2,mp3,"
    "mp4,mpeg,mpegts,ogg,tta,w64,wav,webm,wv"
)
"""FFmpeg's names of the containers that are opened; none of them refers to other files."""

_LINEAR = ("s8", "u8", "alaw", "mulaw", "bluray", "dvd", "s8_planar")
_BY_BYTE_ORDER = ("s16", "u16", "s24", "u24", "s32", "u32", "s64", "f32", "f64")
_PLANAR = ("s16le_planar", "s16be_planar", "s24le_planar", "s32le_planar")
_PCM = [
    *_LINEAR,
    *(f"{kind}{order}" for kind in _BY_BYTE_ORDER for order in ("le", "be")),
    *_PLANAR,
]

CODECS = frozenset(
    {
        *("aac", "aac_fixed", "aac_latm", "ac3", "ac3_fixed", "eac3", "alac", "ape", "flac"),
        *("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"),
        *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
        *("opus", "libopus", "vorbis", "libvorbis", "speex", "libspeex", "tta", "wavpack"),
        *("wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice"),
        *("gsm", "gsm_ms", "g722", "g726", "g726le", "nellymoser"),
        *("adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt", "adpcm_swf", "adpcm_yamaha"),
        *(f"pcm_{kind}" for kind in _PCM),
    }
)
"""FFmpeg's names of the decoders that may run."""

OPTIONS = {
    "format_whitelist": CONTAINERS,
    "codec_whitelist": ",".join(sorted(CODECS)),
    # The bytes come from memory; nothing that a file names is opened.
    "protocol_whitelist": "none",
}
"""For `av.open`. They hold for what FFmpeg opens by itself while it looks into a file; who decodes
compares with `CODECS`."""
