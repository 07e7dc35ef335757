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
    "tests/storage/test_reach.py",
    "tests/storage/test_tuning.py",
    "tests/storage/test_settings.py",
    "tests/storage/test_departures.py",
    "tests/storage/test_audited_changes.py",
    "tests/privacy",
)

LEFT_OUT = frozenset(
    {
        "tests/storage/test_consents.py::test_a_damaged_sentence_is_reported_and_the_voice_speaks",
        "tests/storage/test_consents.py::test_a_sentence_that_came_to_lost_comes_back",
        "tests/storage/test_erasure.py::test_a_file_that_cannot_be_removed_is_told",
        "tests/storage/test_erasure.py::test_after_erasing_everything_the_directory_is_empty_and_works",
        "tests/storage/test_former.py::test_damaged_clip_does_not_displace_a_former_one",
        "tests/storage/test_former.py::test_former_clip_that_is_damaged_changes_nothing",
        "tests/storage/test_former.py::test_restoring_mends_a_damaged_voice",
        "tests/storage/test_quotas.py::test_recordings_take_no_more_bytes_than_they_may",
        "tests/storage/test_resealing.py::test_all_that_is_stored_with_a_key_is_sealed",
        "tests/storage/test_resealing.py::test_changed_seal_is_damage",
        "tests/storage/test_resealing.py::test_damage_that_was_marked_stays_marked_without_the_key",
        "tests/storage/test_resealing.py::test_former_and_lost_recordings_are_sealed_anew",
        "tests/storage/test_resealing.py::test_recording_that_cannot_be_opened_stays_and_is_told",
        "tests/storage/test_resealing.py::test_too_large_file_is_not_cut",
        "tests/storage/test_resealing.py::test_what_a_killed_rotation_left_in_lost_is_swept",
        "tests/storage/test_settings.py::test_the_operators_voices_are_those_that_are_whole",
        "tests/storage/test_upkeep.py::test_changed_content_is_found_by_verifying_and_stays_marked",
        "tests/storage/test_upkeep.py::test_empty_file_is_found_at_every_start",
        "tests/storage/test_upkeep.py::test_enrolling_a_lost_clip_again_mends_every_voice_of_it",
        "tests/storage/test_upkeep.py::test_killed_writer_leaves_only_what_is_swept",
        "tests/storage/test_upkeep.py::test_more_files_than_one_batch_are_swept",
        "tests/storage/test_upkeep.py::test_processes_that_add_delete_and_sweep_at_once_lose_nothing",
        "tests/storage/test_upkeep.py::test_reason_of_damage_is_kept_up_to_date",
        "tests/storage/test_upkeep.py::test_replacing_a_lost_clip_mends_the_voice",
        "tests/storage/test_upkeep.py::test_temporary_files_of_dead_writers_are_swept",
        "tests/storage/test_upkeep.py::test_unreadable_clip_directory_is_an_error_and_marks_nothing",
        "tests/storage/test_upkeep.py::test_voice_without_its_file_is_marked_until_the_file_is_back",
        "tests/storage/test_upkeep.py::test_voices_that_share_a_clip_are_marked_together",
        "tests/storage/test_voices.py::test_clip_is_stored_beside_the_database",
        "tests/storage/test_voices.py::test_clip_that_cannot_be_written_stores_no_row",
        "tests/storage/test_voices.py::test_damaged_clip_names_its_file",
        "tests/storage/test_voices.py::test_replacing_changes_the_clip_and_what_was_measured",
    }
)
"""They look at files of clips, harm them, or start processes that use a directory."""
