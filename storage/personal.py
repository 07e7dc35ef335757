"""Every place in the database that can hold a member's id, and what a deletion makes of it.

The one list: export, deletion and docs/privacy.md follow it, and a test compares it with the
schema. A new column that holds a member's id gets a line here, and a name that ends in `_by`,
`user_id`, `owner_id`, `member_id` or `blocked_id`, by which that test knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Fate(Enum):
    """What becomes of a row that holds the id of a member whose data is deleted."""

    GOES = auto()
    """The row goes."""

    VOICE_GOES = auto()
    """The voice goes with all that belongs to it: clips, evidence, defaults that point to it."""

    RECORDING_GOES = auto()
    """The recording that they agreed to goes: the other one takes its place, or the voice goes."""

    NAMELESS = auto()
    """The row stays; `forgotten.FORGOTTEN` stands for them."""

    RECOGNISED = auto()
    """The row stays, because it protects somebody else from them; `forgotten.stand_in` is there."""

    AUDIT = auto()
    """`storage/audit.py` forgets whom a pseudonym stands for; the audited rows stay."""


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """A column of members' ids. shown: whether members are handed the rows with theirs."""

    table: str
    column: str
    fate: Fate
    shown: bool = True


PERSONAL_COLUMNS = (
    PersonalColumn("voices", "owner_id", Fate.VOICE_GOES),
    PersonalColumn("voices", "consented_by", Fate.RECORDING_GOES),
    PersonalColumn("voices", "former_consented_by", Fate.RECORDING_GOES),
    PersonalColumn("consents", "member_id", Fate.RECORDING_GOES),
    PersonalColumn("member_defaults", "user_id", Fate.GOES),
    PersonalColumn("member_settings", "user_id", Fate.GOES),
    PersonalColumn("dictionary_entries", "user_id", Fate.GOES),
    PersonalColumn("dictionary_entries", "created_by", Fate.NAMELESS),
    PersonalColumn("dictionary_versions", "user_id", Fate.GOES, shown=False),
    PersonalColumn("settings_log", "changed_by", Fate.NAMELESS),
    PersonalColumn("read_channels", "started_by", Fate.NAMELESS),
    PersonalColumn("voice_members", "user_id", Fate.GOES),
    PersonalColumn("voice_blocks", "owner_id", Fate.GOES),
    # That somebody blocked them is that somebody's to know.
    PersonalColumn("voice_blocks", "blocked_id", Fate.RECOGNISED, shown=False),
    PersonalColumn("audit_members", "user_id", Fate.AUDIT, shown=False),
    PersonalColumn("departures", "user_id", Fate.GOES),
    PersonalColumn("uploads", "user_id", Fate.GOES),
)

MEMBER_LISTS = (
    ("guild_settings", "value"),
    ("settings_log", "before"),
    ("settings_log", "after"),
)
"""Columns whose JSON can be a list of members' ids, whom an admin blocked; `RECOGNISED` there."""

GUILD_COLUMNS = (
    ("voices", "guild_id"),
    ("voice_words", "guild_id"),
    ("member_defaults", "guild_id"),
    ("guild_defaults", "guild_id"),
    ("guild_settings", "guild_id"),
    ("member_settings", "guild_id"),
    ("settings_log", "guild_id"),
    ("read_channels", "guild_id"),
    ("dictionary_entries", "guild_id"),
    ("dictionary_versions", "guild_id"),
    ("synced_commands", "guild_id"),
    ("voice_blocks", "guild_id"),
    # In this order: while there is a chain, its rows are kept.
    ("audit_chains", "guild_id"),
    ("audit_texts", "guild_id"),
    ("audit_members", "guild_id"),
    ("audit", "guild_id"),
    ("departures", "guild_id"),
    ("uploads", "guild_id"),
)
"""Every column with a guild's id: its rows go when the guild's data does."""
