"""Whether an mp3 says how many frames it has."""

from __future__ import annotations

_BITRATES = {  # kbit/s of layer III by the header's index: MPEG 1, then 2 and 2.5
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Hz by the header's version."""

_SEARCHED = 65_536
"""Bytes after the tags in which the first frame begins; before it there may be padding."""

_HEADER = 4
_VBRI_OFFSET = 36


def counts_frames(data: bytes) -> bool:
    """Return whether the first frame is an encoder's tag (Xing, Info or VBRI) with a frame count.

    Such a tag lies at a fixed place in the first frame: after the side information (ISO 11172-3,
    2.4.1.7; ISO 13818-3, 2.4.1.7), VBRI always 32 bytes after the header. The same letters
    elsewhere, in a title or a picture, mean nothing.
    """
    start = _first_frame(data, _after_tags(data))
    if start is None:
        return False
    header = data[start : start + _HEADER]
    is_first, is_mono = header[1] & 8 != 0, header[3] >> 6 == 3
    side = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    xing = data[start + _HEADER + side :][:8]
    if xing[:4] in (b"Xing", b"Info"):
        return bool(xing[7] & 1) if len(xing) == 8 else False
    return data[start + _VBRI_OFFSET :][:4] == b"VBRI"


def _after_tags(data: bytes) -> int:
    """Return where the ID3v2 tags at the beginning end (id3.org, ID3v2.4.0, 3.1)."""
    position = 0
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        flags, size = data[position + 5], data[position + 6 : position + 10]
        length = 0
        for byte in size:
            length = length << 7 | byte & 0x7F
        position += 10 + length + (10 if flags & 0x10 else 0)
    return position


def _first_frame(data: bytes, begin: int) -> int | None:
    """Return where the first frame that is followed by another one begins."""
    position = begin
    while (position := data.find(b"\xff", position, begin + _SEARCHED)) >= 0:
        length = _frame_length(data, position)
        following = position + length
        if length and (following + _HEADER > len(data) or _frame_length(data, following)):
            return position
        position += 1
    return None


def _frame_length(data: bytes, position: int) -> int:
    """Return the bytes of the layer III frame that begins there; 0 if none does."""
    header = data[position : position + _HEADER]
    if len(header) < _HEADER or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    is_first = version == 3
    bits = _BITRATES[is_first][bitrate] * 1000 * (144 if is_first else 72)
    return bits // _RATES[version][rate] + (header[2] >> 1 & 1)
