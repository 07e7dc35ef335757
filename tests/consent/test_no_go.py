"""The operator's list of names: what it catches and lets through, and that it tells nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.no_go import NoGoNames, check_patterns
from storage.errors import InvalidNameError


@pytest.mark.parametrize(
    "name",
    [
        "Taylor Example",
        "taylor example",
        "TAYLOR EXAMPLE",
        "Táylor Exämple",
        "Ｔａｙｌｏｒ Ｅｘａｍｐｌｅ",
        "TaylorExample",
        "T.a.y.l.o.r. E-x-a-m-p-l-e",
        "Тауlоr Ехаmрlе",
        "T4yl0r Ex@mp1e",
        "Taylor Example ⭐",
    ],
)
def test_a_name_on_the_list_is_caught_however_it_is_written(name: str) -> None:
    assert NoGoNames(["Taylor Example"]).holds(name)


@pytest.mark.parametrize("name", ["Taylor", "Example", "Taylor Examples", "Robin"])
def test_a_name_is_compared_as_a_whole(name: str) -> None:
    assert not NoGoNames(["Taylor Example"]).holds(name)


@pytest.mark.parametrize(
    ("pattern", "caught", "free"),
    [
        ("*president*", "The President!", "Resident"),
        ("mr ?", "Mr X", "Mr Xavier"),
        ("anna*", "Anna-Lena", "Susanna"),
        ("[boss]", "[Boss]", "b"),
        ("größe", "GRÖSSE", "gross"),
        ("/^dr\\.? /", "Dr. Who", "Andr. Who"),
        ("/minister|chancellor/", "Prime Minister", "Ministry"),
    ],
)
def test_patterns(pattern: str, caught: str, free: str) -> None:
    names = NoGoNames([pattern])
    assert names.holds(caught)
    assert not names.holds(free)


def test_a_refusal_tells_nothing_of_the_list() -> None:
    with pytest.raises(InvalidNameError) as refused:
        NoGoNames(["*secret*", "robin"]).refuse("My Secret")
    assert "ecret" not in str(refused.value)
    assert "obin" not in str(refused.value)


def test_an_empty_list_refuses_nobody() -> None:
    NoGoNames().refuse("anybody")


def test_an_expression_that_takes_too_long_is_passed_over() -> None:
    names = NoGoNames([r"/^(\w+\s?)*$x/", "robin"])
    assert not names.holds("a" * 32)
    assert names.holds("Robin")


@pytest.mark.parametrize("pattern", ["", "*", " ?* ", "...", "/(/", "//"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="should hold"):
        check_patterns([pattern])


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_can_be_compared(pattern: str, name: str) -> None:
    try:
        check_patterns([pattern])
    except ValueError:
        return
    NoGoNames([pattern]).holds(name)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=32))
def test_a_name_catches_itself(name: str) -> None:
    assert NoGoNames([name]).holds(name)
