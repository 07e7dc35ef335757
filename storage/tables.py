"""The tables, in an order in which their rows can be written."""

from __future__ import annotations

PRIMARY_KEYS: dict[str, tuple[str, ...]] = {
    "voices": ("id",),
    "voice_words": ("guild_id", "tail", "voice_id"),
    "unneeded_clips": ("clip_sha256",),
    "member_defaults": ("guild_id", "user_id"),
    "guild_defaults": ("guild_id",),
    "synced_commands": ("application_id", "guild_id"),
    "guild_settings": ("guild_id", "key"),
    "member_settings": ("guild_id", "user_id", "key"),
    "settings_log": ("id",),
    "read_channels": ("guild_id", "text_channel_id"),
    "dictionary_entries": ("guild_id", "user_id", "kind", "written", "language"),
    "dictionary_versions": ("guild_id", "user_id"),
    "consents": ("voice_id", "clip_sha256"),
    "voice_members": ("voice_id", "user_id"),
    "voice_roles": ("voice_id", "role_id"),
    "voice_blocks": ("guild_id", "owner_id", "blocked_id"),
    "audit_chains": ("guild_id",),
    "audit_members": ("guild_id", "user_id"),
    "audit_texts": ("guild_id", "number", "part"),
    "audit": ("guild_id", "number"),
    "departures": ("guild_id", "user_id"),
    "erasures": ("id",),
    "uploads": ("id",),
}
"""Of each table."""

TABLES = tuple(PRIMARY_KEYS)
"""Each after those that its foreign keys point to; a test compares it with the schema."""

OF_THE_PROGRAM = ("synced_commands", "unneeded_clips", "erasures")
"""Those in which nobody stored anything: they may have rows in a place that was never used."""

NUMBERED = ("voices", "settings_log", "uploads")
"""Those whose `id` the database counts up."""
