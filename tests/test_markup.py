"""Text in answers that Discord must show as it is."""

from __future__ import annotations

import pytest

from bot.markup import literal, named

TURNS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("turn", TURNS, ids=ascii)
def test_no_name_turns_the_text_after_it(turn: str) -> None:
    assert named(f"{turn}Eve") == "**Eve**"
    assert literal(f"a{turn}b") == "ab"


@pytest.mark.parametrize("text", ["שלום", "سلام", "👩\u200d👧", "می\u200cخواهم"])
def test_letters_keep_their_own_direction_and_shape(text: str) -> None:
    assert literal(text) == text


def test_neither_markdown_nor_mentions_count() -> None:
    assert literal("*a* <@1>") == r"\*a\* \<@1>"
