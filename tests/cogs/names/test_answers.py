"""Every text that shows a name, with every name of the table."""

from __future__ import annotations

import pytest

from bot.i18n import in_locale
from tests.cogs.names.answers import ANSWERS, PLAIN
from tests.cogs.names.looking import BENIGN, disorder, faults, stored, structure, table

NAMES = sorted({*table(), *stored()})
"""All of them: members, webhooks, files and words may have those that voices may not."""

LONGEST = 4096


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_name_is_more_than_a_name(answer: str) -> None:
    show = ANSWERS[answer]
    with in_locale("en"):
        benign = show(BENIGN)
        found = [(name, fault) for name in NAMES for fault in faults(show(name), benign)]
        assert found == []
        assert max(len(show(name)) for name in (*NAMES, "*" * 600)) <= LONGEST


@pytest.mark.parametrize("answer", PLAIN)
def test_no_name_turns_what_stands_around_it_in_a_menu(answer: str) -> None:
    show = PLAIN[answer]
    found = [(name, fault) for name in stored() for fault in disorder(show(name))]
    assert found == []
    assert all(len(show(name)) <= 100 and "\n" not in show(name) for name in stored())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("**a**", ["*", "*", "*", "*"]),
        (r"\*\*a", []),
        ("a\n> b", ["\n", "> "]),
        ("[a](https://b)", ["[", "]", "://"]),
        ("snake_case", []),
        ("_a_", ["_", "_"]),
        ("@everyone", ["@everyone"]),
    ],
)
def test_what_is_looked_for_is_found(text: str, found: list[str]) -> None:
    assert structure(text) == found


@pytest.mark.parametrize("text", ["\u202ea", "שלום", "\u2068a", "a\u2069", "a\x07"])
def test_what_turns_a_text_is_found(text: str) -> None:
    assert list(disorder(text))
