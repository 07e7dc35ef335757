"""Text in answers that Discord must show as it is."""

from __future__ import annotations

import pytest

from bot.markup import literal, named, one_line

TURNS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("turn", TURNS, ids=ascii)
def test_no_name_turns_the_text_after_it(turn: str) -> None:
    assert named(f"{turn}Eve") == "**Eve**"
    assert literal(f"a{turn}b") == "ab"


@pytest.mark.parametrize("text", ["שלום", "سلام", "می\u200cخواهم"])
def test_what_is_written_from_the_right_leaves_what_is_around_it_alone(text: str) -> None:
    assert literal(text) == f"\u2068{text}\u2069"
    assert literal(literal(text)) == f"\u2068{literal(text)}\u2069"


def test_letters_keep_their_shape() -> None:
    assert literal("👩\u200d👧") == "👩\u200d👧"


def test_neither_markdown_nor_mentions_count() -> None:
    assert literal("*a* <@1>") == r"\*a\* \<@1>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[```](x)", r"\[\`\`\`\](x)"),
        ("[a](https://b.example)", r"\[a\](https\://b.example)"),
        ("@everyone and @here", r"\@everyone and \@here"),
        ("a@b.example", "a@b.example"),
        ("12:30", "12:30"),
        ("# a\n- b\n1. c", "\\# a\n\\- b\n1\\. c"),
        ("a # b - c > d", "a # b - c > d"),
        ("back\\", "back\\\\"),
    ],
)
def test_markup_is_shown_as_it_is_written(text: str, shown: str) -> None:
    assert literal(text) == shown


def test_a_name_is_one_line_and_not_longer_than_names_are() -> None:
    assert one_line("a\nb\u2028c\x00d") == "a b c d"
    assert one_line("x" * 40) == "x" * 31 + "…"
