"""What was measured on a recording, in words."""

from __future__ import annotations


def loudness(lufs: float | None) -> str:
    """Return what a loudness in LUFS means, with the number behind it."""
    if lufs is None:
        return "not measurable"
    word = "quiet" if lufs < -33 else "loud" if lufs > -14 else "usual for speech"
    return f"{word} ({lufs:.1f} LUFS)"
