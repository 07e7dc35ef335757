"""Rows of the audit trail in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.audit.events import (
    DictionaryChanged,
    Enrolled,
    Erased,
    Event,
    Exported,
    KeyRotated,
    Paused,
    Renamed,
    Reported,
    SettingChanged,
    Shared,
    Spoken,
    Tuned,
    Unrecorded,
)
from bot.audit.words import KINDS, Naming, sentence
from bot.markup import literal
from storage.audit_rows import AuditRow, now

NAMING = Naming(lambda member: f"<@{member}>", literal, lambda picker, _id: f"a {picker.value}")


def as_read(event: Event) -> AuditRow:
    """The row of an event, as it is read while everybody is known."""
    row = event.row()
    texts = dict(row.texts)
    return AuditRow(
        7, 1, now(), row.kind, row.actor, row.subject, row.voice_id, texts.pop("voice", None),
        row.data, row.members, texts, row.milliseconds, row.packets_sha256, "a" * 64,
    )  # fmt: skip


def all_events(base: type[Event]) -> Iterator[type[Event]]:
    for each in base.__subclasses__():
        yield each
        yield from all_events(each)


SPEECH: dict[str, Any] = {"voice_id": 12, "milliseconds": 1500, "packets_sha256": "a" * 64}
A: dict[str, Any] = {"voice_id": 12, "owner_id": 2, "voice": "*Ann*"}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            Enrolled(by=2, **A, level="spoken", reach="owner"),
            "<@2> enrolled “\\*Ann\\*” (spoken live)",
        ),
        (Renamed(by=2, **A, former_name="Bea"), "<@2> renamed “Bea” to “\\*Ann\\*”"),
        (Tuned(by="operator", **A, settings={"seed": 1}), "the operator tuned “\\*Ann\\*”"),
        (Paused(by=5, **A, role="admin"), "<@5> paused “\\*Ann\\*”"),
        (
            Shared(by=2, **A, reach="named", added=(7,), removed_roles=(9,)),
            "<@2> set who may speak as “\\*Ann\\*”: whom its owner names; added: <@7>; "
            "removed: a role",
        ),
        (
            Reported(by=3, **A, speaker=(4,)),
            "<@3> reported how “\\*Ann\\*” was used by <@4>",
        ),
        (
            SettingChanged(by=5, key="max_characters", after=99),
            "<@5> set “Longest message” to: 99 characters (before: 300 characters)",
        ),
        (
            SettingChanged(by=5, key="muted_members", added=(6,), removed=(7,)),
            "<@5> changed “Muted members”; added: <@6>; removed: <@7>",
        ),
        (SettingChanged(by=5, key="of a newer version"), "<@5> changed “of a newer version”"),
        (
            DictionaryChanged(by=5, change="set", count=1, entry="brb=*back*"),
            "<@5> set 1 entry in the server's dictionary: brb=\\*back\\*",
        ),
        (
            DictionaryChanged(by=5, change="removed", count=3),
            "<@5> removed 3 entries from the server's dictionary",
        ),
        (
            Spoken(by=4, **SPEECH, way="file", text="a\n*b*"),
            "<@4> had a file made of a deleted voice, 1.5 s: a \\*b\\*",
        ),
        (
            Spoken(by=None, **SPEECH, way="read", webhook=True),
            "a webhook was read aloud as a deleted voice, 1.5 s",
        ),
        (
            Spoken(by="bot", **SPEECH, way="read"),
            "the bot was read aloud as a deleted voice, 1.5 s",
        ),
        (Erased(by=None, member_id=3), "The data of <@3> was deleted"),
        (
            KeyRotated(by="operator", clips=2),
            "the operator sealed the recordings with another key",
        ),
        (
            KeyRotated(by="operator", clips=2, plain=True),
            "the operator opened the sealed recordings",
        ),
        (Unrecorded(by="bot", count=4), "4 utterances could not be written down"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_each_kind_is_told_in_words(event: Event, told: str) -> None:
    assert sentence(as_read(event), NAMING) == told


def test_every_kind_of_event_has_a_name_and_a_sentence() -> None:
    kinds = {each.kind for each in all_events(Event) if hasattr(each, "kind")}
    assert kinds == set(KINDS)
    assert len(kinds) <= 25  # choices of an option in Discord


def test_a_kind_of_a_newer_version_is_told_by_its_name() -> None:
    row = replace(as_read(Exported(by=5, what="x")), kind="danced")
    assert sentence(row, NAMING) == "danced: <@5>"


def test_of_many_names_the_first_are_told() -> None:
    many = SettingChanged(by=5, key="muted_members", added=tuple(range(100, 115)))
    assert sentence(as_read(many)).endswith("107, 108, 109 and 5 more")
