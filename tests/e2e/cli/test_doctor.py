"""`mynah doctor`: finds damage, says what to do, repairs when told, and keeps what it replaced."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage.use_lock import using
from tests.cli.conftest import Mynah, Outcome, add_voice


def findings(outcome: Outcome) -> dict[str, dict[str, object]]:
    return {finding["kind"]: finding for finding in json.loads(outcome.out)["findings"]}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def change(data: Path, sql: str) -> None:
    with closing(sqlite3.connect(data / "mynah.db")) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.executescript(sql)


def test_what_is_whole_is_left_alone(enrolled: Mynah) -> None:
    before = snapshot(enrolled.data)
    outcome = enrolled("doctor")
    assert (outcome.code, outcome.out) == (0, "Nothing is damaged.\n")
    assert snapshot(enrolled.data) == before


def remove_clip(data: Path) -> None:
    next((data / "clips").iterdir()).unlink()


def cut_clip(data: Path) -> None:
    clip = next((data / "clips").iterdir())
    clip.write_bytes(clip.read_bytes()[:-100])


def make_orphan(data: Path) -> None:
    (data / "clips" / f"{'a' * 64}.pickle.gz").write_bytes(b"\x1f\x8bsomebody")


def break_page(data: Path) -> None:
    with closing(sqlite3.connect(data / "mynah.db")) as database:
        [root] = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'voices_by_clip'"
        ).fetchone()
    with (data / "mynah.db").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


def break_header(data: Path) -> None:
    with (data / "mynah.db").open("r+b") as file:
        file.write(b"\0" * 4096)


def point_nowhere(data: Path) -> None:
    change(data, "INSERT INTO voice_members VALUES (99, 1)")


def break_detail(data: Path) -> None:
    change(data, "UPDATE voices SET quality = '{'")


def drop_index(data: Path) -> None:
    change(data, "DROP INDEX voices_by_clip")


def open_to_others(data: Path) -> None:
    data.chmod(0o755)


def leave_work(data: Path) -> None:
    (data / "backup-dead.tmp").mkdir()


REPAIRABLE: dict[str, Callable[[Path], None]] = {
    "clips_orphaned": make_orphan,
    "database_broken": break_page,
    "database_foreign": break_header,
    "database_promises": point_nowhere,
    "exposed": open_to_others,
    "leftovers": leave_work,
}


@pytest.mark.parametrize("kind", REPAIRABLE)
def test_what_can_be_repaired_is_and_the_voice_speaks_on(enrolled: Mynah, kind: str) -> None:
    REPAIRABLE[kind](enrolled.data)
    before = snapshot(enrolled.data)
    told = enrolled("doctor", "--json")
    assert told.code == 1
    assert findings(told)[kind]["repairable"]
    assert snapshot(enrolled.data) == before
    fixed = enrolled("doctor", "--fix", "--json")
    assert findings(fixed)[kind]["repaired"], fixed.out
    assert fixed.code == 0
    assert enrolled("voices", "export", "Anna", "-o", "anna.wav").code == 0
    assert enrolled("doctor").code == 0


@pytest.mark.parametrize("damage", [break_detail, drop_index])
def test_rows_and_schema_that_break_promises_are_mended(
    enrolled: Mynah, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    damage(enrolled.data)
    assert enrolled("doctor").code == 1
    assert enrolled("doctor", "--fix").code == 0
    [kept] = tmp_path.glob("data.damaged-*")
    assert (kept / "mynah.db").is_file()
    assert enrolled("voices", "export", "Anna", "-o", "anna.wav").code == 0


@pytest.mark.parametrize("damage", [remove_clip, cut_clip])
def test_a_recording_that_is_gone_is_told_and_stays_so(
    enrolled: Mynah, damage: Callable[[Path], None]
) -> None:
    damage(enrolled.data)
    told = enrolled("doctor")
    assert told.code == 1
    assert "The voice “Anna” (the operator's) cannot speak" in told.out
    assert "mynah voices restore" in told.out
    assert enrolled("doctor", "--fix").code == 1


def test_a_damaged_recording_comes_back_from_lost_and_is_kept(
    enrolled: Mynah, tmp_path: Path
) -> None:
    [clip] = enrolled.clips()
    (enrolled.data / "lost").mkdir()
    shutil.copy(clip, enrolled.data / "lost")
    cut_clip(enrolled.data)
    damaged = clip.read_bytes()
    fixed = enrolled("doctor", "--fix")
    assert fixed.code == 0, fixed.out
    [kept] = tmp_path.glob("data.damaged-*")
    assert str(kept) in fixed.out
    assert (kept / clip.name).read_bytes() == damaged


def test_a_database_that_is_gone_begins_anew_and_recordings_go_to_lost(enrolled: Mynah) -> None:
    (enrolled.data / "mynah.db").unlink()
    told = enrolled("doctor")
    assert told.code == 1
    assert "Restore a backup: `mynah restore FILE --force`" in told.out
    assert enrolled("doctor", "--fix").code == 0
    assert enrolled("voices").code == 0
    assert len(list((enrolled.data / "lost").iterdir())) == 1


def test_what_can_be_read_of_many_voices_is(enrolled: Mynah) -> None:
    for number in range(12):
        add_voice(enrolled.data, f"Voice {number}", 7)
    break_header(enrolled.data)
    fixed = enrolled("doctor", "--fix", "--json")
    assert json.loads(fixed.out)["rescued"]["rows"]["voices"] == 13
    assert "Voice 11" in enrolled("voices").out


def test_a_newer_schema_is_not_touched(enrolled: Mynah) -> None:
    change(enrolled.data, "PRAGMA user_version = 999")
    before = snapshot(enrolled.data)
    for arguments in (("doctor",), ("doctor", "--fix")):
        told = enrolled(*arguments)
        assert told.code == 1
        assert "was made by a newer Mynah" in told.out
        assert "Update Mynah" in told.out
    assert snapshot(enrolled.data) == before


def test_a_changed_audit_trail_is_told_and_never_mended(enrolled: Mynah) -> None:
    change(
        enrolled.data,
        "DROP TRIGGER audit_is_not_changed; UPDATE audit SET data = '{}';"
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit\n"
        "BEGIN\n    SELECT RAISE(ABORT, 'the audit trail is only appended to');\nEND",
    )
    fixed = enrolled("doctor", "--fix", "--json")
    assert fixed.code == 1
    assert not findings(fixed)["audit_broken"]["repaired"]
    assert enrolled("audit", "--verify").code == 1


def test_nothing_is_repaired_under_a_running_bot_but_all_is_told(enrolled: Mynah) -> None:
    make_orphan(enrolled.data)
    with using(enrolled.data):
        assert "clips_orphaned" in findings(enrolled("doctor", "--json"))
        refused = enrolled("doctor", "--fix")
    assert refused.code == 1
    assert "Stop it first" in refused.err


def test_a_directory_that_is_not_there_is_wrong_use(mynah: Mynah) -> None:
    refused = mynah("doctor")
    assert refused.code == 2
    assert "Check storage.directory" in refused.err


@pytest.mark.parametrize("fix", [(), ("--fix",)])
def test_a_directory_of_somebody_else_is_left_as_it_is(mynah: Mynah, fix: tuple[str, ...]) -> None:
    mynah.data.mkdir()
    mynah.data.chmod(0o755)
    (mynah.data / "passwd").write_text("root")
    refused = mynah("doctor", *fix)
    assert refused.code == 2
    assert "is Mynah's. Check storage.directory" in refused.err
    assert mynah.data.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in mynah.data.iterdir()] == ["passwd"]


def test_a_second_fix_finds_nothing_to_mend(enrolled: Mynah) -> None:
    (enrolled.data / "mynah.db").write_bytes(b"no database" * 1000)
    assert enrolled("doctor", "--fix").code == 0
    before = snapshot(enrolled.data)
    outcome = enrolled("doctor", "--fix")
    assert outcome.code == 0
    assert outcome.out.endswith("Nothing is damaged.\n")
    assert snapshot(enrolled.data).keys() == before.keys()
