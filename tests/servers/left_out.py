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

_FILE = "SQLite's file: its pages, its log, its modes, what lies in its place"
_SCHEMA = "steps of SQLite's schema from before PostgreSQL could be used"
_RESERVE = "room that is put aside on the disk of the data directory; the server's has none"
_TYPE = "PostgreSQL's columns hold values of their type alone, and its texts are Unicode"
_DISK = "tests/storage/test_full_disk.py"
_BYTES = "the bytes of SQLite's file; tests/servers/rows/test_bytes.py has"
_PLAN = "how SQLite finds rows; tests/servers/rows/test_plans.py has"
_CHILD = "other processes, which open SQLite; tests/servers has"

LEFT_OUT = {
    "tests/storage/backups": "a backup is one of a data directory; `mynah backup` names pg_dump",
    "tests/storage/rescue": _FILE,
    "tests/storage/test_audit.py::test_the_database_refuses_to_replace_rows": (
        "only SQLite knows REPLACE; tests/servers/rows/test_audit.py has TRUNCATE"
    ),
    "tests/storage/test_database.py": f"{_FILE}; tests/servers/rows has its own",
    "tests/storage/test_damaged_rows.py::test_text_that_is_no_unicode_fails_no_query": _TYPE,
    "tests/storage/test_damaged_rows.py"
    "::test_value_of_another_type_is_reported_and_hides_no_other": _TYPE,
    "tests/storage/test_dictionary.py::test_a_damaged_row_is_read_as_far_as_it_can_be": _TYPE,
    "tests/storage/test_erasure.py"
    "::test_nothing_of_a_member_can_be_found_in_the_bytes_of_the_directory": (
        f"{_BYTES} test_nothing_of_a_member_can_be_found_in_the_files_of_the_tables"
    ),
    "tests/storage/test_erasure.py"
    "::test_while_another_program_reads_it_is_not_finished_and_then_it_is": (
        f"{_BYTES} test_while_another_program_reads_it_is_not_finished_and_then_it_is"
    ),
    "tests/storage/test_former.py"
    "::test_voice_of_before_there_were_former_clips_can_be_replaced": _SCHEMA,
    f"{_DISK}::test_a_disk_that_can_only_be_read_is_told_and_written_again_when_it_can": _FILE,
    f"{_DISK}::test_store_opens_and_deletes_on_a_full_disk": _RESERVE,
    f"{_DISK}::test_reserve_gives_way_to_an_urgent_write_alone": _RESERVE,
    f"{_DISK}::test_without_a_reserve_a_full_disk_is_reported": (
        "SQLite's error; tests/servers/rows/test_full_disk.py has the server's"
    ),
    f"{_DISK}::test_deletion_on_a_full_disk_uses_and_renews_the_reserve": _RESERVE,
    f"{_DISK}::test_reserve_of_a_sound_store_stays": _RESERVE,
    "tests/storage/test_lookup.py::test_names_of_before_words_were_searched_are_found": _SCHEMA,
    "tests/storage/test_lookup.py::test_search_walks_indexes_only": (
        f"{_PLAN} test_searches_walk_indexes_only"
    ),
    "tests/storage/test_lost_database.py": (
        "tests/servers/rows/test_database.py::test_an_empty_database_beside_recordings_is_refused"
    ),
    "tests/storage/test_odd_files.py::test_odd_file_in_place_of_the_database_is_refused": _FILE,
    "tests/storage/test_odd_files.py::test_lost_log_of_a_closed_database_loses_nothing": _FILE,
    "tests/storage/test_private.py::test_all_that_is_stored_is_private": _FILE,
    "tests/storage/test_private.py::test_one_who_is_not_root_can_read_what_they_wrote": (
        "it has root's home, where asyncpg looks for certificates, and may not look there"
    ),
    "tests/storage/test_resealing.py::test_sealing_leaves_nothing_plain_in_the_database": (
        f"{_BYTES} test_sealing_leaves_nothing_plain_in_the_files_of_the_tables"
    ),
    "tests/storage/test_settings.py::test_choosing_asks_the_indexes_alone": (
        f"{_PLAN} test_searches_walk_indexes_only"
    ),
    "tests/storage/test_tuning.py"
    "::test_voices_of_before_there_were_settings_speak_with_the_defaults": _SCHEMA,
    "tests/storage/test_upgrade.py": _SCHEMA,
    "tests/storage/test_upkeep.py"
    "::test_killed_writer_leaves_only_what_is_swept": f"{_CHILD} test_killed.py",
    "tests/storage/test_upkeep.py"
    "::test_processes_that_add_delete_and_sweep_at_once_lose_nothing": f"{_CHILD} test_machines.py",
    "tests/storage/trails/test_check.py::test_another_process_that_writes_meanwhile_is_no_fault": (
        f"{_CHILD} rows/test_audit.py::test_another_that_writes_meanwhile_is_no_fault"
    ),
}
"""By the beginning of a test's name; with the reason."""
