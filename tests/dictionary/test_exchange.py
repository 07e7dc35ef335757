"""Dictionaries as files: what is read, what is refused and why, what comes back."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dictionary.entries import MAX_SPOKEN, MAX_WRITTEN, checked
from bot.dictionary.exchange import MAX_FILE_BYTES, read_file, write_file
from bot.errors import UserError
from storage.dictionary import Entry

LOL = Entry("lol", "laughing")


def read(content: Any, most: int = 2000) -> list[Entry | str]:
    """The entries of a file; of those that are refused the reasons."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return [line.entry or line.reason for line in read_file(data, most)]


@pytest.mark.parametrize(
    "content",
    [
        {"entries": [{"written": "lol", "spoken": "laughing"}]},
        {"version": 1, "entries": [{"written": "lol", "spoken": "laughing", "language": ""}]},
        [{"written": "lol", "spoken": "laughing", "pattern": False}],
        [{"written": "lol", "spoken": "laughing", "pattern": None, "language": None}],
        {"lol": "laughing"},
        b'\xef\xbb\xbf{"lol": "laughing"}',
    ],
    ids=["object", "more", "list", "null", "short", "BOM"],
)
def test_these_forms_are_read(content: Any) -> None:
    assert read(content) == [LOL]


def test_the_example_of_the_documentation_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "members.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    entries = read(example.encode())
    assert len(entries) > 5
    assert all(isinstance(entry, Entry) for entry in entries)


def test_every_entry_that_is_refused_has_its_reason() -> None:
    listed = [
        {"written": "a", "spoken": 3},
        {"written": "a", "spoken": "b", "pattern": 1},
        {"written": "a"},
        {"written": "a", "spoken": "b", "spokn": "c"},
        "lol",
        None,
        {"written": " ", "spoken": "b"},
        {"written": "a", "spoken": "b", "language": "xx"},
        {"written": "(a+)+$", "spoken": "b", "pattern": True},
        {"written": "a", "spoken": "b"},
        {"written": "A", "spoken": "c"},
        {"written": "A", "spoken": "c", "language": "de"},
        {"written": "a\ud800", "spoken": "b"},
    ]
    read_entries = read({"entries": listed})
    assert [said if isinstance(said, str) else said.written for said in read_entries] == [
        "“spoken” must be a text.",
        "“pattern” must be true or false.",
        "It needs “written” and “spoken”.",
        "I do not know “spokn”.",
        "It is no entry: it has no “written”.",
        "It is no entry: it has no “written”.",
        "Write what the entry is for.",
        "I know no language xx. Use a code such as de, or none.",
        "That pattern would take too long. Avoid repetitions within repetitions, as in (a+)+, and "
        "let each alternative begin with something else.",
        "a",
        "It is the same as entry 10.",
        "A",
        "There are characters in it that are none. Type it anew.",
    ]


def test_what_stands_twice_in_the_short_form_is_noticed() -> None:
    assert read(b'{"lol": "laughing", "lol": "x"}') == [LOL, "It is the same as entry 1."]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON: Expecting value in line 1, column 1"),
        (b'{"a": "b",\n}', "no JSON: .* in line [12], column"),
        (b"\x80", "no text in UTF-8"),
        ("{}".encode("utf-16"), "no text in UTF-8"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b'{"a":' * 1_000_000, "nested too deeply"),
        (b"1" * 100_000, "no dictionary"),
        (b'"lol"', "should look like this: {"),
        (b"null", "should look like this: {"),
        (b"[1, 2, 3]", "has 3 entries; a dictionary has 2 at most"),
    ],
    ids=lambda value: ascii(value)[:12],
)
def test_what_is_no_dictionary_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        read_file(data, most=2)


def test_what_is_nested_within_an_entry_is_refused() -> None:
    deep = b'{"entries": [{"written": ' + b"[" * 500 + b"]" * 500 + b', "spoken": "b"}]}'
    assert read(deep) == ["“written” must be a text."]


ENTRIES = st.lists(
    st.builds(
        Entry, st.text(max_size=20), st.text(max_size=20), language=st.sampled_from(["", "de"])
    )
)


@given(ENTRIES)
def test_what_is_written_is_read(given_entries: list[Entry]) -> None:
    entries = {}
    for entry in given_entries:
        try:
            stored = checked(entry)
        except UserError:
            continue
        entries[stored.key] = stored
    assert read(write_file(entries.values())) == list(entries.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["entries", "written", "spoken", "pattern", "language", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(content: Any) -> None:
    try:
        lines = read_file(json.dumps(content).encode(), 2000)
    except UserError:
        return
    assert all(line.entry or line.reason for line in lines)


def test_the_largest_dictionary_can_be_sent_back_and_is_read_in_time() -> None:
    entries = [Entry(f"{n:04}" + "𝕏" * (MAX_WRITTEN - 4), "𝕏" * MAX_SPOKEN) for n in range(2000)]
    data = write_file(entries)
    assert len(data) < MAX_FILE_BYTES
    start = time.process_time()
    assert read(data) == entries
    assert time.process_time() - start < 5.0
