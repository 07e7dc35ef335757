"""Numbers and signs in words: a table of what is said, and what holds for whatever is typed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.languages import LANGUAGES
from bot.text.engine_reads import EngineReads
from bot.text.numbers import spell_out
from bot.text.numbers.words import MOST_DIGITS, NumberWords, words_of
from bot.text.plan import TextLimits, plan_text

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "numbers.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
LIMITS = TextLimits(sentence_characters=3000, first_sentence_characters=3000)
CLEANED = {
    "I love you <3": "I love you red heart",
    "#hashtag": "hashtag",
    "2) x": "two, x",
}
"""What cleaning makes into something else than a number."""
MARKS = (
    "0123456789" * 2 + ".,:;/-+ " * 3 + "$€£%°²₂½&=<>±×√∞→^#@()'amshkgCMKVIXeé٣१\u00a0\n年月日点"
)
TYPED = st.text(st.sampled_from(MARKS), max_size=40) | st.text(max_size=40)
CODES = st.sampled_from(sorted(LANGUAGES))
NUMBERS = EngineReads(numbers=False)
"""An engine to which nothing else is unknown."""


@pytest.mark.parametrize(("language", "typed", "said"), ROWS)
def test_what_is_typed_is_said(language: str, typed: str, said: str) -> None:
    assert spell_out(typed, language) == said


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_is_typed_is_said_after_cleaning_too(language: str) -> None:
    rows = {typed: said for code, typed, said in ROWS if code == language and typed != "∞"}
    said = {
        typed: " ".join(plan_text(typed, LIMITS, language=language, reads=NUMBERS))
        for typed in rows
    }
    assert said == {typed: CLEANED.get(typed, said).strip() for typed, said in rows.items()}


def test_the_table_has_every_language() -> None:
    assert {language for language, *_ in ROWS} >= set(LANGUAGES)
    assert len(ROWS) > 500


@given(TYPED, CODES)
@example("0^a0", "ar")
@example("0Ve0", "fr")
def test_no_digit_is_left_and_once_is_enough(typed: str, language: str) -> None:
    said = spell_out(typed, language)
    assert not re.search(r"[0-9]", said)
    assert spell_out(said, language) == said


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Zs"]), max_size=60), CODES)
@example("ºC", "ar")
@example("Å ºF", "es")
def test_words_stay_as_they_are(typed: str, language: str) -> None:
    typed = re.sub("[IVX]", "", typed)
    assert spell_out(typed, language) == typed


@given(TYPED)
def test_other_languages_stay_as_typed(typed: str) -> None:
    assert spell_out(typed, "xx") == typed


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_long_number_is_read_digit_by_digit(language: str) -> None:
    words = words_of(language)
    assert words is not None
    for digits in ("1" * (MOST_DIGITS + 1), "175928847299117063", "9" * 3000):
        assert spell_out(digits, language) == words.digits(digits)


def test_no_language_is_english_and_regions_are_dropped() -> None:
    assert spell_out("5", None) == "five"
    assert spell_out("5", "de-DE") == "fünf"
    assert spell_out("5", "pt_BR") == "cinco"
    assert spell_out("5", "nb") == "fem"


def test_what_the_library_cannot_spell_stays_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: NumberWords, number: int, form: str = "") -> str:
        raise RecursionError

    monkeypatch.setattr(NumberWords, "cardinal", broken)
    assert spell_out("it costs 5 & 6", "en") == "it costs 5 and 6"


UNITS = [
    *(
        "1",
        "1,",
        "1 ",
        "1.",
        "1-",
        "1/",
        "1:",
        "$",
        "1 234 ",
        "+1 ",
        "^2",
        "½",
        "²",
        "a²",
        "V",
        "I ",
    ),
    *("0 ", "1e5 ", "&", "a& ", "<", "<1", "5 km ", "+49 30 1234 ", "1.1.2000 ", "v1.2.", "(1"),
    *("1\u202f", "January ", "am 1. ", "12:", "1990s ", "#1 ", "1° ", "$1 ", "Henry VI ", " ", "٣"),
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("language", ["en", "de", "fr", "zh"])
def test_three_thousand_characters_take_no_time(unit: str, language: str) -> None:
    typed = (unit * 3000)[:3000]
    spell_out(typed[:50], language)  # loads the rules
    before = time.process_time()
    spell_out(typed, language)
    assert time.process_time() - before < 0.5  # some 0.03 on a quiet core


def test_the_libraries_are_loaded_when_a_number_is_said() -> None:
    heavy = "{'babel', 'unicode_rbnf'} & set(sys.modules)"
    script = f"import sys, bot.text.numbers; print({heavy} or 'none')"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "none"
