"""docs/privacy.md is true to the program: every table is in it, and the times are the program's."""

import re
from pathlib import Path

from bot.config_sections import StorageSettings
from bot.consent.recording import RecordingLimits
from bot.settings.guild import GuildSettings
from storage.former import KEPT_FOR
from storage.setting_values import MAX_LOG_ROWS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
POLICY, OPERATORS = DOCUMENT.split("# For operators")
MIGRATIONS = Path(__file__).parents[2] / "storage" / "migrations"


def tables() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in MIGRATIONS.glob("*.sql"))
    return set(re.findall(r"CREATE TABLE (\w+)", text))


def test_every_table_is_named_with_what_becomes_of_it() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", OPERATORS, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == tables()


def test_the_times_are_the_programs() -> None:
    assert f"| {KEPT_FOR.days} days |" in POLICY
    assert f"the last {MAX_LOG_ROWS} changes" in POLICY
    assert f"{GuildSettings().audit_days} days unless" in POLICY
    assert f"deleted after {StorageSettings().departed_days} days" in POLICY
    assert f"for at most {RecordingLimits().seconds:.0f} seconds" in POLICY


def test_texts_are_kept_only_where_a_server_says_so() -> None:
    assert GuildSettings().audit_texts is False
    assert "unless a server's admins switch on *Texts in the audit trail*" in POLICY


def test_the_operators_name_and_contact_are_to_be_put_in() -> None:
    assert POLICY.count("OPERATOR") > 5
    assert POLICY.count("CONTACT") > 2
