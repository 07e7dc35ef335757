import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidNameError
from storage.names import MAX_NAME_LENGTH, clean_name, name_key, shown


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Anna ", "Anna"),
        ("Anna\n", "Anna"),
        ("Anna  von\u00a0A", "Anna von A"),
        ("Jose\u0301", "José"),
        ("①", "①"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("ไทย", "ไทย"),
        ("a" * MAX_NAME_LENGTH, "a" * MAX_NAME_LENGTH),
        ("e\u0301" * MAX_NAME_LENGTH, "é" * MAX_NAME_LENGTH),
    ],
)
def test_name_is_normalised(typed: str, stored: str) -> None:
    assert clean_name(typed) == stored


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("a" * (MAX_NAME_LENGTH + 1), "33 characters"),
        ("A\nB", "U\\+000A, control character"),
        ("A\x00", "U\\+0000"),
        ("An\u200bna", "U\\+200B, ZERO WIDTH SPACE"),
        ("\u202eannA", "RIGHT-TO-LEFT OVERRIDE"),
        ("A\u2028B", "LINE SEPARATOR"),
        ("A\u3164", "HANGUL FILLER"),
        ("A\ufe01", "VARIATION SELECTOR"),
        ("A\ud800", "U\\+D800"),
        ("\ue000", "U\\+E000"),
        ("...", "punctuation"),
        ("- _ -", "punctuation"),
        ("\u0301", "punctuation"),
    ],
)
def test_bad_name_is_refused_with_its_reason(name: str, fault: str) -> None:
    with pytest.raises(InvalidNameError, match=f"{fault}.*Use 1 to 32 characters"):
        clean_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "ANNA"),
        ("Straße", "STRASSE"),
        ("José", "JOSE\u0301"),
        ("Ａｎｎａ", "anna"),
        ("①", "1"),
        ("ΜΆΓΟΣ", "μάγος"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_names_that_read_the_same_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("prefix", ["jos", "JOSE", "Jose\u0301", "José", ""])
def test_key_of_a_typed_beginning_begins_the_key(prefix: str) -> None:
    assert name_key("José Maria").startswith(name_key(prefix))


def test_key_of_a_lone_surrogate_can_be_asked_for() -> None:
    name_key("\udcff").encode()


# Mostly what names are made of, so that few are refused; the refusals have tests of their own.
TYPED_NAMES = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=40)


@given(TYPED_NAMES)
def test_cleaning_is_final_and_its_key_is_usable(typed: str) -> None:
    try:
        name = clean_name(typed)
    except InvalidNameError:
        return
    assert clean_name(name) == name
    assert 1 <= len(name) <= MAX_NAME_LENGTH
    assert unicodedata.is_normalized("NFC", name)
    assert "" < name_key(name) < "\U0010ffff"
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(max_size=60))
def test_shown_name_is_safe_and_short(typed: str) -> None:
    assert len(shown(typed)) <= MAX_NAME_LENGTH + 1
    assert not {unicodedata.category(c) for c in shown(typed)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
