"""Which tests of the store of voices run with clips in S3, and which are about files alone."""

from __future__ import annotations

STORES = (
    "tests/storage/test_voices.py",
    "tests/storage/test_former.py",
    "tests/storage/test_consents.py",
    "tests/storage/test_erasure.py",
    "tests/storage/test_quotas.py",
    "tests/storage/test_resealing.py",
    "tests/storage/test_rotation.py",
    "tests/storage/test_upkeep.py",
    "tests/storage/test_lost.py",
    "tests/storage/test_leftovers_swept.py",
    "tests/storage/test_moving.py",
    "tests/storage/test_reach.py",
    "tests/storage/test_tuning.py",
    "tests/storage/test_settings.py",
    "tests/storage/test_departures.py",
    "tests/storage/test_audited_changes.py",
    "tests/privacy",
)
"""Files of tests that store clips or look at them; what the others test lies in rows alone."""

_FAILURES = "a path that the system refuses; tests/servers/objects/test_failures.py has"
_FOLDER = "a bucket has no directories"
_CHILD = "other processes, which open a directory; tests/servers has"

LEFT_OUT = {
    "tests/storage/test_erasure.py::test_a_file_that_cannot_be_removed_is_told": (
        f"{_FAILURES} test_an_erasure_that_cannot_reach_the_store_is_told"
    ),
    "tests/storage/test_lost.py::test_lost_that_is_no_directory_leaves_all_where_it_is": _FOLDER,
    "tests/storage/test_lost.py::test_file_that_cannot_be_removed_fails_no_start": (
        f"{_FAILURES} test_a_deletion_that_cannot_reach_the_store_is_finished_by_the_next_check"
    ),
    "tests/storage/test_lost.py"
    "::test_temporary_directory_that_cannot_be_removed_fails_no_start": _FOLDER,
    "tests/storage/test_moving.py"
    "::test_a_recording_that_cannot_be_read_is_told_and_no_row_is_written": (
        f"{_FAILURES} test_a_move_from_a_store_that_is_away_writes_no_row"
    ),
    "tests/storage/test_moving.py::test_lost_is_made_for_this_user_alone": _FOLDER,
    "tests/storage/test_moving.py"
    "::test_a_folder_that_cannot_be_looked_at_does_not_count_as_empty": (
        f"{_FAILURES} test_a_move_from_a_store_that_is_away_writes_no_row"
    ),
    "tests/storage/test_upkeep.py"
    "::test_killed_writer_leaves_only_what_is_swept": f"{_CHILD} test_killed.py",
    "tests/storage/test_upkeep.py"
    "::test_processes_that_add_delete_and_sweep_at_once_lose_nothing": f"{_CHILD} test_machines.py",
    "tests/storage/test_upkeep.py::test_unreadable_clip_directory_is_an_error_and_marks_nothing": (
        f"{_FAILURES} test_a_sweep_without_the_store_changes_nothing"
    ),
    "tests/storage/test_voices.py::test_clip_that_cannot_be_written_stores_no_row": (
        f"{_FAILURES} test_what_cannot_be_written_leaves_no_row"
    ),
}
"""By the beginning of a test's name; with the reason."""
