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
    "stored_mb_per_member": "stored_mb_per_member",
    "recordings_per_day": "recordings_per_day_per_member",
    "upload_mb_per_day": "upload_mb_per_day_per_member",
    "queue_per_member": "queue_per_member",
    "dictionary_entries_per_member": "dictionary_entries_per_member",
    "server_voices": "voices_per_guild",
    "server_enrolments_per_day": "enrolments_per_day_per_guild",
    "server_speech_minutes_per_day": "speech_minutes_per_day_per_guild",
    "server_texts_per_minute": "texts_per_minute_per_guild",
    "server_stored_mb": "stored_mb_per_guild",
    "server_recordings_per_day": "recordings_per_day_per_guild",
    "server_upload_mb_per_day": "upload_mb_per_day_per_guild",
    "server_queue": "queue_per_guild",
    "server_dictionary_entries": "dictionary_entries_per_guild",
}
"""Settings of a server, and the keys of `[limits]` above which they cannot be."""

OPERATORS_ALONE = frozenset({"exports_per_day_per_member"})
"""Keys of `[limits]` that are no server's to set: an export takes all servers of a member together,
so that the admins of one would decide about the others.
"""


def ceilings(limits: LimitSettings) -> dict[str, int]:
    """Return the most that each of a server's settings may be."""
    return {setting: getattr(limits, key) for setting, key in CEILINGS.items()}
