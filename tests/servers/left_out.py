"""Which tests of stores run on PostgreSQL, too, and which of them are about SQLite alone."""

from __future__ import annotations

STORES = (
    "tests/storage",
    "tests/audit",
    "tests/dictionary",
    "tests/privacy",
    "tests/reading",
    "tests/settings",
    "tests/test_commit_watch.py",
    "tests/test_voice_watch.py",
)

LEFT_OUT: dict[str, str] = {}
