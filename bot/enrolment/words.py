"""What was measured on a recording, in words."""

from __future__ import annotations


def loudness(lufs: float | None) -> str:
    """Return what a loudness in LUFS means, with the number behind it."""
    if lufs is None:
        return "not measurable"
    word = "quiet" if lufs < -33 else "loud" if lufs > -14 else "usual for speech"
    return f"{word} ({lufs:.1f} LUFS)".replace("-", "−")


def background(snr_db: float | None) -> str:
    """Return how much is heard behind a voice, with the distance in dB behind it."""
    if snr_db is None:
        return "not measurable"
    word = "hardly any" if snr_db >= 30 else "a little" if snr_db >= 20 else "much"
    return f"{word} (voice {snr_db:.0f} dB above it)"


def beside_voice(level_db: float) -> str:
    """Return how strong something is beside the voice: "at 10 % of its level (20 dB below it)".

    level_db: its power relative to that of the voice; the share is of amplitudes.
    """
    share = 100 * 10 ** (level_db / 20)
    percent = f"{share:.0f}" if share >= 1 else "less than 1"
    side = "below" if level_db <= 0 else "above"
    return f"at {percent} % of its level ({abs(level_db):.0f} dB {side} it)"


def pitch(hz: float | None) -> str:
    """Return how high a voice is, with its median pitch in Hz behind it."""
    if hz is None:
        return "not measurable"
    word = "low" if hz < 140 else "high" if hz > 190 else "between low and high"
    return f"{word} ({hz:.0f} Hz)"
