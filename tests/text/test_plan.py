"""What holds for any text: bounds, no markup, no id as a number, and cleaning that settles."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.languages import LANGUAGES
from bot.speech.texts import reads_for
from bot.text.engine_reads import PIPER, WORDS, EngineReads
from bot.text.names import Names
from bot.text.plan import TextLimits, clean_text, plan_text
from bot.text.sentences import is_speakable, letters
from bot.text.sounds import SOUNDS

LIMITS = TextLimits(max_characters=1500)
PARTS = st.sampled_from(
    [
        *"<>@!&#:/|*_~`\\[]().,;?-^+=0123456789\n ",
        *("<@", "<@&", "<#", "<t:", ":R>", "<:a:", "</b:", "||", "```", "**", "__", "~~", "> "),
        *(
            "# ",
            "- ",
            "1. ",
            "[a](",
            "https://",
            "www.",
            ".com",
            "a@b.de",
            ".pdf",
            "<id:",
            "😂",
            "👍🏽",
        ),
        *(
            "175928847299117063",
            "1234567890123",
            "日本",
            "！！",
            "Ａ",
            "ab",
            "Dr. ",
            "...",
            "\u200b",
            "1️⃣",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(st.one_of(PARTS, st.text(max_size=3)), max_size=40).map("".join)
)
NAME_TEXTS = st.dictionaries(st.integers(0, 99), TEXTS, max_size=3)
NAMES = st.builds(Names, NAME_TEXTS, NAME_TEXTS, NAME_TEXTS)
READS = (PIPER, WORDS, reads_for("chatterbox", "nano"))
CODES = st.sampled_from([*LANGUAGES, "xx", "de-DE", None])


def clean(text: str, **given: object) -> str:
    return clean_text(text, max_characters=1500, **given)  # type: ignore[arg-type]


@given(TEXTS, CODES, NAMES, st.sampled_from(READS))
def test_any_text_is_said_within_the_limits_or_refused(
    text: str, language: str | None, names: Names, reads: EngineReads
) -> None:
    try:
        pieces = plan_text(text, LIMITS, language=language, names=names, reads=reads)
    except UserError:
        return
    assert pieces
    assert all(0 < letters(piece) <= LIMITS.sentence_characters for piece in pieces)
    assert all(is_speakable(piece) for piece in pieces)
    said = " ".join(pieces)
    assert reads is PIPER or '"' not in said
    assert set(re.findall(r"\[.*?\]|[\[\]]", said)) <= {f"[{sound}]" for sound in SOUNDS} or (
        reads is PIPER
    )
    assert "<@" not in said
    assert not re.search(r"\d{13}", said)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0000000000000.AO", "0 0 0 0 0 0 0 0 0 0 0 0 0.ao"),
        ("see 1234567890123.co.uk/7", "see link to 1 2 3 4 5 6 7 8 9 0 1 2 3.co.uk"),
        ("www.1234567890123.de", "link to 1 2 3 4 5 6 7 8 9 0 1 2 3.de"),
        ("https://1234567890123.de", "link to 1 2 3 4 5 6 7 8 9 0 1 2 3.de"),
        ("a@1234567890123.de", "a at 1 2 3 4 5 6 7 8 9 0 1 2 3 dot de"),
        ("a1234567890123.txt", "a1 2 3 4 5 6 7 8 9 0 1 2 3 dot txt"),
        ("<:a1234567890123:1>", "a1 2 3 4 5 6 7 8 9 0 1 2 3"),
        ("123456789012.de", "123456789012.de"),
    ],
)
def test_a_long_number_is_read_digit_by_digit_in_addresses_too(text: str, said: str) -> None:
    assert clean(text) == said
    assert clean(said) == said


@given(TEXTS, CODES, NAMES)
def test_cleaning_twice_is_cleaning_once(text: str, language: str | None, names: Names) -> None:
    try:
        cleaned = clean(text, language=language, names=names)
    except UserError:
        return
    assert clean(cleaned, language=language, names=names) == cleaned


@pytest.mark.parametrize("text", ["", "   ", "...!?", "\u200b", "—", "<>", "**", ":)", "\ue000"])
def test_text_without_letters_or_digits_is_an_error(text: str) -> None:
    with pytest.raises(UserError, match="nothing to say"):
        clean(text)


def test_too_long_text_is_refused_with_the_limit_named() -> None:
    assert len(clean_text("ab " * 33 + "c", max_characters=100)) == 100
    with pytest.raises(UserError, match=r"101 characters; the limit is 100\b"):
        clean_text("ab " * 33 + "cd", max_characters=100)
    with pytest.raises(UserError, match="the limit is 100"):
        clean_text(" " * 1001, max_characters=100)


WORST = [
    *"*_~|`<>()[]{}@#:/\\.,!?-+=^&'\"…！。１😂\u0301a1",
    *("**", "||", "~~", "<@", "<:", "<t:", "<a:b", "a.", "a@", "://", "a://", "[(", "[a](", "]("),
    *("*a ", "_a_b", "`a", "```a", "||a|", "a*b*", "\\*", "www.", "www.(", "aA", "ab", "Dr. "),
    *("<1", "</a", "<id:", "@1", ":a", ":a:", "a-", "a.b-", "x://a.(", "\ue000", "a\u200d", "🇩"),
    *("a(", "1.", "- ", "> ", "A.", ". ", "a_", "\n", "\n# ", "1️⃣", "<a b1", "a.b/", "$1", "1/"),
]


@pytest.mark.parametrize("unit", WORST)
@pytest.mark.parametrize("behind", ["", "x", "!"])
@pytest.mark.parametrize("reads", READS, ids=["piper", "words", "nano"])
def test_no_text_takes_long(unit: str, behind: str, reads: EngineReads) -> None:
    text = (unit * 3000)[:2999] + behind
    start = time.process_time()
    with contextlib.suppress(UserError):
        plan_text(text, TextLimits(), reads=reads)
    assert time.process_time() - start < 2.0  # much less where nothing else runs
