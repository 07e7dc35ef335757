"""The tables, in an order in which their rows can be written."""

from __future__ import annotations

TABLES = (
    "voices",
    "voice_words",
    "unneeded_clips",
    "member_defaults",
    "guild_defaults",
    "synced_commands",
    "guild_settings",
    "member_settings",
    "settings_log",
    "read_channels",
    "dictionary_entries",
    "dictionary_versions",
    "consents",
    "voice_members",
    "voice_roles",
    "voice_blocks",
    "audit_chains",
    "audit_members",
    "audit_texts",
    "audit",
    "departures",
    "erasures",
    "uploads",
)
"""Each after those that its foreign keys point to; a test compares it with the schema.

`audit` takes the row whose number is `audit_chains.last + 1` and no other: whoever copies rows
writes each chain with `last = first - 1`, and raises it after each row.
"""

NUMBERED = ("voices", "settings_log", "uploads")
"""Those whose `id` the database counts up."""
