"""The one list of limits: what the operator allows at most, what a server's admins set below it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config_sections import LimitSettings

CEILINGS: Mapping[str, str] = {
    "says_per_minute": "says_per_minute_per_member",
    "reads_per_minute": "reads_per_minute_per_member",
    "voices_per_member": "voices_per_member",
    "enrolments_per_day": "enrolments_per_day_per_member",
    "speech_minutes_per_day": "speech_minutes_per_day_per_member",
}
"""Settings of a server, and the keys of `[limits]` above which they cannot be."""


def ceilings(limits: LimitSettings) -> dict[str, int]:
    """Return the most that each of a server's settings may be."""
    return {setting: getattr(limits, key) for setting, key in CEILINGS.items()}
