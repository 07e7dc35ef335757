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

_FILE = "SQLite's file, its pages, its modes, or what is done to it behind the store's back"
_SCHEMA = "the steps of SQLite's schema, of before PostgreSQL could be used"
_CHILD = "another process, which opens SQLite; tests/servers has processes of its own"

LEFT_OUT: dict[str, str] = {
    "tests/storage/backups": _FILE,
    "tests/storage/rescue": _FILE,
    "tests/storage/test_database.py": _FILE,
    "tests/storage/test_damaged_rows.py": _FILE,
    "tests/storage/test_full_disk.py": _FILE,
    "tests/storage/test_failing_disk.py": _FILE,
    "tests/storage/test_lost_database.py": _FILE,
    "tests/storage/test_upgrade.py": _SCHEMA,
    "tests/storage/trails": _FILE,
}
