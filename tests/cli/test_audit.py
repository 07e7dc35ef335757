"""`mynah audit`: shown, exported, verified."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from storage.audit import AuditStore
from storage.audit_events import Renamed, Shared, Spoken
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah
from tests.cli.test_json import documented, parsed
from tests.storage.conftest import make_clip

GUILD = 81_384_788_765_712_384
ANNA, BEN = GUILD + 1, GUILD + 2


@pytest.fixture
def audited(mynah: Mynah) -> Mynah:
    """A server with three rows, and a voice of the operator's."""

    async def fill() -> None:
        async with VoiceStore.open(mynah.data) as store:
            await store.add(NewVoice(0, "Narrator"), make_clip())
            renamed = Renamed(by=ANNA, voice_id=9, owner_id=ANNA, voice="=1+1", former_name="Old")
            shared = Shared(by=ANNA, voice_id=9, voice="=1+1", reach="named", added=(BEN,))
            spoken = Spoken(
                by=BEN, voice_id=9, owner_id=ANNA, milliseconds=1500, packets_sha256="a" * 64,
                way="say", text="Good\nmorning.",
            )  # fmt: skip
            rows = [renamed.row(), shared.row(), spoken.row()]
            await AuditStore(store.database).append(GUILD, rows)

    asyncio.run(fill())
    return mynah


def tamper(mynah: Mynah, statement: str) -> None:
    with closing(sqlite3.connect(mynah.data / "mynah.db")) as connection, connection:
        for trigger in ("audit_is_kept", "audit_is_not_changed", "audit_is_appended_to"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)


def test_without_a_trail_it_says_so(mynah: Mynah) -> None:
    assert "Nothing is written down yet." in mynah("audit").out
    assert parsed(mynah("audit", "--json")) == {"trails": []}


def test_the_trails_are_listed(audited: Mynah) -> None:
    lines = audited("audit").out.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["operator", "1", lines[1].split()[2]],
        ["server", str(GUILD), "3"],
    ]


def test_the_newest_rows_of_a_server_are_shown(audited: Mynah) -> None:
    lines = audited("audit", "--guild", str(GUILD), "--limit", "2").out.splitlines()
    assert len(lines) == 3
    assert f"member {BEN} spoke as a deleted voice, 1.5 s: Good morning." in lines[1]
    assert f"member {ANNA} set who may speak as “=1+1”: whom its owner names; added: member {BEN}"
    assert lines[2].startswith("2")


def test_a_row_has_the_documented_keys(audited: Mynah) -> None:
    [spoken, *_others] = parsed(audited("audit", "--guild", str(GUILD), "--json"))["rows"]
    assert set(spoken) == documented("audit")
    assert (spoken["actor"], spoken["subject"]) == (str(BEN), str(ANNA))
    assert spoken["texts"] == {"text": "Good\nmorning."}


def exported(outcome: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.splitlines()]


def test_all_rows_are_exported_as_json_lines_oldest_first(audited: Mynah) -> None:
    outcome = audited("audit", "--export", "rows.jsonl")
    assert (outcome.code, outcome.out) == (0, "Written to rows.jsonl.\n")
    rows = exported((audited.data.parent / "rows.jsonl").read_text(encoding="utf-8"))
    assert [(row["guild_id"], row["number"]) for row in rows] == [
        ("0", 1), (str(GUILD), 1), (str(GUILD), 2), (str(GUILD), 3),
    ]  # fmt: skip
    assert rows[2]["members"] == {"added": [str(BEN)]}


def test_rows_of_one_server_go_to_standard_output(audited: Mynah) -> None:
    outcome = audited("audit", "--guild", str(GUILD), "--export", "-")
    assert [row["number"] for row in exported(outcome.out)] == [1, 2, 3]


def test_a_csv_holds_nothing_that_a_spreadsheet_computes(audited: Mynah) -> None:
    audited("audit", "--guild", str(GUILD), "--export", "rows.csv")
    text = (audited.data.parent / "rows.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["voice"] for row in rows] == ["'=1+1", "'=1+1", ""]
    assert json.loads(rows[2]["texts"]) == {"text": "Good\nmorning."}


def test_a_file_that_is_there_is_not_replaced_unasked(audited: Mynah) -> None:
    (audited.data.parent / "rows.jsonl").write_text("mine")
    assert audited("audit", "--export", "rows.jsonl").code == 2
    assert audited("audit", "--export", "rows.jsonl", "--force").code == 0


def test_json_and_an_export_do_not_both_go_to_standard_output(audited: Mynah) -> None:
    assert audited("audit", "--export", "-", "--json").code == 2


def test_a_trail_that_nobody_touched_is_as_written(audited: Mynah) -> None:
    outcome = audited("audit", "--verify")
    assert outcome.code == 0
    first, *others = outcome.out.splitlines()
    assert first == "2 trails verified: as written."
    assert [line.partition(" vouches")[0] for line in others] == [
        "operator: no key", f"server {GUILD}: no key"
    ]  # fmt: skip
    verified = parsed(audited("audit", "--verify", "--json"))
    assert verified == {
        "verified": ["0", str(GUILD)],
        "sealed_since": {"0": None, str(GUILD): None},
        "missing_keys": {},
        "faults": [],
    }


def test_a_key_that_vouches_and_is_not_there_is_named(
    audited: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        assert audited("key", "new", f"{name}.key").code == 0
    monkeypatch.setenv("MYNAH_STORAGE__KEY_FILE", str(audited.data.parent / "a.key"))
    assert audited("key", "seal").code == 0
    monkeypatch.setenv("MYNAH_STORAGE__KEY_FILE", str(audited.data.parent / "b.key"))
    outcome = audited("audit", "--verify")
    assert re.search(
        r"operator: the key [0-9a-f]{16} vouches for it, but is not there", outcome.out
    )


@pytest.mark.parametrize(
    ("statement", "number", "what"),
    [
        ("DELETE FROM audit WHERE number = 2", 2, "row 2 is missing"),
        ("DELETE FROM audit WHERE number = 3", 3, "row 3 is missing from the end"),
        (
            "UPDATE audit SET milliseconds = 20 WHERE number = 3", 3,
            "row 3 does not follow from row 2: one of them was changed, added or put in another's "
            "place",
        ),
        (
            "INSERT INTO audit SELECT guild_id, 4, at, kind, actor, subject, voice_id, "
            "milliseconds, packets_sha256, data, hash FROM audit WHERE number = 3",
            4, "row 4 was added after the end",
        ),
    ],
)  # fmt: skip
def test_a_row_that_was_removed_changed_or_added_is_named(
    audited: Mynah, statement: str, number: int, what: str
) -> None:
    tamper(audited, statement)
    outcome = audited("audit", "--verify")
    assert outcome.code == 1
    assert f"server {GUILD}: {what}\n" in outcome.out
    assert "2 trails verified, 1 not as written." in outcome.out
    faults = parsed(audited("audit", "--verify", "--json"), code=1)["faults"]
    assert {"guild_id": str(GUILD), "number": number, "what": what} in faults


def test_only_the_trail_that_is_asked_for_is_verified(audited: Mynah) -> None:
    tamper(audited, "DELETE FROM audit WHERE number = 2")
    assert audited("audit", "--verify", "--guild", "0").code == 0
    assert audited("audit", "--verify", "--guild", str(GUILD)).code == 1


def test_what_is_exported_can_be_verified_at_once(audited: Mynah) -> None:
    tamper(audited, "DELETE FROM audit WHERE number = 2")
    outcome = audited("audit", "--verify", "--export", "-", "--guild", str(GUILD))
    assert outcome.code == 1
    assert [row["number"] for row in exported(outcome.out)] == [1, 3]
    assert "row 2 is missing" in outcome.err
