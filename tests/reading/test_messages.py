"""A table of chat messages, messages.tsv, and what is spoken of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.i18n import LOCALES
from bot.languages import LANGUAGES
from tests.reading.table import Row, said

LINES = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "messages.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: "-".join(line[1:5])[:60])
def test_what_is_spoken_of_a_message(line: tuple[str, ...]) -> None:
    *fields, expected = line
    assert said(Row(*fields)) == expected


def test_the_table_is_large_and_half_of_it_is_not_english() -> None:
    foreign = [line for line in LINES if line[1] != "en"]
    assert len(LINES) >= 150
    assert len(foreign) >= len(LINES) / 2


def test_every_language_is_in_the_table() -> None:
    assert {line[1] for line in LINES} == set(LANGUAGES)


def test_every_language_of_the_interface_announces() -> None:
    assert {line[0] for line in LINES} == set(LOCALES)


def test_no_line_is_there_twice() -> None:
    assert len({line[:5] for line in LINES}) == len(LINES)
