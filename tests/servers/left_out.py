"""Which tests of stores run on PostgreSQL, too, and which of them are about SQLite alone."""

from __future__ import annotations

STORES = (
    "tests/storage",
    "tests/audit",
    "tests/dictionary",
    "tests/privacy",
    "tests/settings",
    "tests/test_commit_watch.py",
)

_FILE = "SQLite's file: its pages, its modes, what is done to it behind the store's back"
_SCHEMA = "steps of SQLite's schema from before PostgreSQL could be used"
_CHILD = "other processes, which open SQLite; tests/servers/rows/test_processes.py has its own"
_PLAN = "how SQLite finds rows"
_WORDS = "the words of a statement that only SQLite knows"
_ROOM = "room that is put aside on the disk of the database"

LEFT_OUT = {
    "tests/settings/test_service.py::test_rows_of_another_program_break_nothing": _FILE,
    "tests/storage/backups": _FILE,
    "tests/storage/rescue": _FILE,
    "tests/storage/test_database.py": _FILE,
    "tests/storage/test_damaged_rows.py": _FILE,
    "tests/storage/test_full_disk.py": _ROOM,
    "tests/storage/test_failing_disk.py": _FILE,
    "tests/storage/test_lost_database.py": _FILE,
    "tests/storage/test_upgrade.py": _SCHEMA,
    "tests/storage/test_moving.py::test_everything_arrives": "ids are counted on as SQLite does;"
    " tests/servers has moves to PostgreSQL of its own",
    "tests/storage/trails": f"{_FILE}; tests/servers/rows/test_audit.py has its own",
    "tests/storage/test_audit.py::test_the_database_refuses_to_change_rows": _WORDS,
    "tests/storage/test_consents.py::test_a_damaged_record_is_reported": _WORDS,
    "tests/storage/test_dictionary.py::test_a_damaged_row_is_read_as_far_as_it_can_be": _FILE,
    "tests/storage/test_erasure.py"
    "::test_nothing_of_a_member_can_be_found_in_the_bytes_of_the_directory": _FILE,
    "tests/storage/test_erasure.py"
    "::test_while_another_program_reads_it_is_not_finished_and_then_it_is": _FILE,
    "tests/storage/test_former.py"
    "::test_voice_of_before_there_were_former_clips_can_be_replaced": _SCHEMA,
    "tests/storage/test_lookup.py::test_names_of_before_words_were_searched_are_found": _SCHEMA,
    "tests/storage/test_lookup.py::test_search_walks_indexes_only": _PLAN,
    "tests/storage/test_lost.py::test_older_database_beside_newer_clips_costs_no_recording": _FILE,
    "tests/storage/test_lost.py::test_flipped_hash_in_a_row_costs_no_clip": _FILE,
    "tests/storage/test_odd_files.py::test_odd_file_in_place_of_the_database_is_refused": _FILE,
    "tests/storage/test_odd_files.py::test_lost_log_of_a_closed_database_loses_nothing": _FILE,
    "tests/storage/test_private.py::test_all_that_is_stored_is_private": _FILE,
    "tests/storage/test_private.py::test_one_who_is_not_root_can_read_what_they_wrote": _FILE,
    "tests/storage/test_resealing.py::test_sealing_leaves_nothing_plain_in_the_database": _FILE,
    "tests/storage/test_rotation.py::test_what_vouches_for_nothing_is_not_sealed": _WORDS,
    "tests/storage/test_settings.py::test_choosing_asks_the_indexes_alone": _PLAN,
    "tests/storage/test_tuning.py"
    "::test_voices_of_before_there_were_settings_speak_with_the_defaults": _SCHEMA,
    "tests/storage/test_upkeep.py::test_killed_writer_leaves_only_what_is_swept": _CHILD,
    "tests/storage/test_upkeep.py"
    "::test_processes_that_add_delete_and_sweep_at_once_lose_nothing": _CHILD,
    "tests/storage/test_voices.py::test_database_refuses_what_no_voice_is": _WORDS,
}
"""By the beginning of a test's name; with the reason."""
