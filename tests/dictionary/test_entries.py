"""What can be an entry, and how it is stored."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dictionary.entries import MAX_SPOKEN, MAX_WRITTEN, checked
from bot.errors import UserError
from storage.dictionary import Entry


def test_spaces_are_put_in_order() -> None:
    assert checked(Entry("  New \t York ", "\nnew  york ")) == Entry("New York", "new york")


@pytest.mark.parametrize("written", ["<:pog:123456789012345678>", "<a:pog:1>", ":pog:"])
def test_a_custom_emoji_is_an_entry_by_its_name(written: str) -> None:
    assert checked(Entry(written, "x")).written == ":pog:"


@pytest.mark.parametrize(
    "written", ["👍", "👍🏽", "👨‍👩‍👧", "❤️", "🇩🇪", "1️⃣", "🫨", "™", "C™", ":)", "ツ"]
)
def test_one_emoji_or_marks_are_an_entry(written: str) -> None:
    assert checked(Entry(written, "x")).written == written


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Entry(" ", "x"), "Write what the entry is for"),
        (Entry("\u200b\ufe0f", "x"), "Write what the entry is for"),
        (Entry("a" * (MAX_WRITTEN + 1), "x"), "“written” has 101 characters; the limit is 100"),
        (Entry("a", "x" * (MAX_SPOKEN + 1)), "“spoken” has 201 characters; the limit is 200"),
        (Entry("\u0958" * 60, "x"), "“written” has 120 characters"),  # in NFC
        (Entry("I ❤️ NY", "x"), "either one emoji or words"),
        (Entry("👍👍", "x"), "either one emoji or words"),
        (Entry("a\x00", "x"), "characters in it that are none"),
        (Entry("a", "\ud800"), "characters in it that are none"),
        (Entry("a", "x", language="xx"), "no language xx"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_cannot_be_an_entry_is_refused_with_the_reason(entry: Entry, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        checked(entry)


ENTRIES = st.builds(Entry, st.text(max_size=120), st.text(max_size=220), language=st.just("de"))


@given(ENTRIES)
def test_what_was_checked_stays_as_it_is(entry: Entry) -> None:
    try:
        stored = checked(entry)
    except UserError:
        return
    assert checked(stored) == stored
    stored.written.encode()


# Patterns

HOSTILE = [
    r"(a+)+$",
    r"(a|aa)+$",
    r"(\w+\s?)+$",
    r"(.*a){20}b",
    r"(?R)*",
    r"(?:a(?R)?)+b",
    r"(a+)\1+\1+\1+$",
    r"(foo|foofoo)+$",
    r"(?b)(?:abcdefghij){e<=9}",
    r"(?(DEFINE)(?P<q>(?&q)(?&q)))(?&q)",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    "((a{99}){99}){99}x",
]


@pytest.mark.parametrize("written", HOSTILE)
def test_a_pattern_that_takes_too_long_is_refused(written: str) -> None:
    start = time.process_time()
    with pytest.raises(UserError, match=r"too long|finds nothing at all"):
        checked(Entry(written, "x", True))
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    "written",
    ["(", "[", "a{99999999999}", r"\p{Nothing}", r"(?P<a>b", "(" * 100, r"\L<names>", "(?<=", "*a"],
)
def test_what_is_no_pattern_is_refused(written: str) -> None:
    with pytest.raises(UserError, match="no regular expression"):
        checked(Entry(written, "x", True))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        (r"(\d+)k\b", r"\1 thousand"),
        (r"(?P<what>\w+)!{3,}", r"\g<what>"),
        (r"\bw+\b", "laughing"),
        (r"[wｗ]{2,}$", "わら"),
        (r"(?-i:IT)", "information technology"),
        (r"(?<=\d)\s?€", " euros"),
        (r"^!\w+", ""),
        (r"(a)|(b)", r"\1\2"),
    ],
)
def test_a_pattern_that_people_use_is_taken(written: str, spoken: str) -> None:
    entry = Entry(written, spoken, True)
    assert checked(entry) == entry


@pytest.mark.parametrize("spoken", [r"\2", r"\g<a>", r"\g<2>", r"\99"])
def test_a_group_that_the_pattern_has_not_is_refused(spoken: str) -> None:
    with pytest.raises(UserError, match="has no group"):
        checked(Entry(r"(?P<b>x)", spoken, True))


@given(st.text(alphabet="ab01()[]{}|?*+^$\\.<=!:,-P w", max_size=30))
def test_no_pattern_raises_anything_else(written: str) -> None:
    start = time.process_time()
    with contextlib.suppress(UserError):
        checked(Entry(written, r"x\1", True))
    assert time.process_time() - start < 2.0
