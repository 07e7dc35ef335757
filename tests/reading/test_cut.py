"""Long messages end at a good place."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.reading.cut import as_long, cut_text
from bot.speech.duration import estimated_seconds

MENTION = "<@175928847299117063>"
LINK = f"https://example.com/{'a' * 90}"

PIECES = st.sampled_from(
    [
        *(
            "hello",
            "world.",
            "Wait!",
            " ",
            "\n",
            "、",
            "今日は",
            "寒い。",
            "안녕",
            "é",
            "e\u0301",
            "😂",
        ),
        *(
            "👩\u200d👩\u200d👧",
            MENTION,
            LINK,
            "<:pog:879080584675213393>",
            "||secret||",
            "```code```",
        ),
        *("```", "[a](https://b.c)", "aaaaaaaa", "example.com", "**", "(", "<"),
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=400)


@given(TEXTS, st.integers(20, 100))
def test_what_is_left_is_the_beginning(text: str, most: int) -> None:
    beginning, was_cut = cut_text(text, most)
    opened = beginning.removesuffix("```")
    assert text.startswith((beginning, opened))
    if not was_cut:
        assert text.rstrip() in (beginning, opened)


@given(TEXTS, st.integers(20, 100))
@example(" 😂```code```", 20)
def test_something_of_a_text_is_left(text: str, most: int) -> None:
    if text.strip():
        assert cut_text(text, most)[0].strip()


@given(st.text(st.characters(exclude_characters="`|<[:/."), max_size=400), st.integers(20, 100))
def test_plain_text_is_cut_to_what_is_wanted(text: str, most: int) -> None:
    beginning, _ = cut_text(text, most)
    shortened = re.sub(r"([^\d\s])\1{3,}", r"\1\1\1", beginning)
    assert len(shortened) <= most


@given(TEXTS, st.integers(20, 100))
def test_no_mention_and_no_link_is_cut_in_two(text: str, most: int) -> None:
    beginning, _ = cut_text(text, most)
    for whole in (MENTION, "<:pog:879080584675213393>"):
        at = beginning.rfind(whole[:4])
        if text.find(whole, at) == at >= 0:
            assert beginning.startswith(whole, at)


@given(TEXTS, st.integers(20, 100))
def test_no_code_block_is_left_open(text: str, most: int) -> None:
    assert cut_text(text, most)[0].count("```") % 2 == 0


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [
        ("One two three. Four five six seven eight.", 25, "One two three."),
        ("One. Two three four five six seven eight", 25, "One. Two three four five"),
        ("Really?! Yes, it is so and even more than that", 25, "Really?! Yes, it is so"),
        ("one two three four five six", 20, "one two three four"),
        ("今日は寒い。明日も寒いでしょう。きっと寒い。", 20, "今日は寒い。明日も寒いでしょう。"),
        ("今日は、寒いので明日も寒いでしょうから", 16, "今日は、寒いので明日も"),
        ("カタカナ" * 10, 20, "カタカナ" * 5),
        ("今天天气很好，去公园玩吧，明天可能会下雨", 18, "今天天气很好，去公园玩吧，"),
        ("a" * 300, 20, "a" * 300),
        ("😂" * 300, 20, "😂" * 300),
        (f"see {MENTION} {MENTION} {MENTION}", 30, f"see {MENTION} {MENTION}"),
        (f"{LINK} and more words here", 30, f"{LINK} and more"),
        ("e\u0301" * 30, 21, "e\u0301" * 10),
        ("👩\u200d👩\u200d👧" * 10, 22, "👩\u200d👩\u200d👧" * 10),
        ("x👩\u200d👩\u200d👧" * 10, 38, "x👩\u200d👩\u200d👧" * 2 + "x"),
        ("😂 yes 👍 no 🔥 maybe 🎉", 33, "😂 yes 👍 no"),
        ("😂👍🔥🎉😀😃😄😁😆😅 yes", 20, "😂👍🔥🎉😀😃😄😁😆😅"),
        ("```" + "x = 1\n" * 100 + "```", 20, "```" + "x = 1\n" * 100 + "```"),
    ],
)  # fmt: skip
def test_where_a_text_ends(text: str, most: int, left: str) -> None:
    beginning, was_cut = cut_text(text, most)
    assert beginning == left
    assert was_cut == (left != text)


def test_ids_and_addresses_take_as_long_as_what_is_said_of_them() -> None:
    assert as_long("hello there, 12 times") == "hello there, 12 times"
    for markup in (MENTION, LINK, "<:pog:879080584675213393>", "😂" * 50, f"||{'a' * 300}||"):
        assert 0.5 < estimated_seconds(as_long(markup)) < 2
