"""What was measured on a recording, in words."""

from __future__ import annotations

from bot.i18n import Translatable


def loudness(lufs: float | None) -> Translatable:
    """Return what a loudness in LUFS means, with the number behind it."""
    if lufs is None:
        return Translatable("not measurable")
    if lufs < -33:
        return Translatable("quiet ({level} LUFS)", level=_signed(lufs))
    if lufs > -14:
        return Translatable("loud ({level} LUFS)", level=_signed(lufs))
    return Translatable("usual for speech ({level} LUFS)", level=_signed(lufs))


def _signed(value: float) -> Translatable:
    """Return a number with a minus sign, not a hyphen."""
    return Translatable("{sign}{value:.1f}", sign="−" if value < 0 else "", value=abs(value))


def background(snr_db: float | None) -> Translatable:
    """Return how much is heard behind a voice, with the distance in dB behind it."""
    if snr_db is None:
        return Translatable("not measurable")
    if snr_db >= 30:
        return Translatable("hardly any (voice {distance:.0f} dB above it)", distance=snr_db)
    if snr_db >= 20:
        return Translatable("a little (voice {distance:.0f} dB above it)", distance=snr_db)
    return Translatable("much (voice {distance:.0f} dB above it)", distance=snr_db)


def beside_voice(level_db: float) -> Translatable:
    """Return how strong something is beside the voice: "at 10 % of its level (20 dB below it)".

    level_db: its power relative to that of the voice; the share is of amplitudes.
    """
    share = 100 * 10 ** (level_db / 20)
    distance = abs(level_db)
    if share < 1:
        return Translatable(
            "at less than 1 % of its level ({distance:.0f} dB below it)", distance=distance
        )
    if level_db <= 0:
        return Translatable(
            "at {share:.0f} % of its level ({distance:.0f} dB below it)",
            share=share,
            distance=distance,
        )
    return Translatable(
        "at {share:.0f} % of its level ({distance:.0f} dB above it)",
        share=share,
        distance=distance,
    )


def pitch(hz: float | None) -> Translatable:
    """Return how high a voice is, with its median pitch in Hz behind it."""
    if hz is None:
        return Translatable("not measurable")
    if hz < 140:
        return Translatable("low ({frequency:.0f} Hz)", frequency=hz)
    if hz > 190:
        return Translatable("high ({frequency:.0f} Hz)", frequency=hz)
    return Translatable("between low and high ({frequency:.0f} Hz)", frequency=hz)
