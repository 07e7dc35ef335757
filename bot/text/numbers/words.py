"""Numbers in the words of a language, by CLDR's rules for spelling out."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from babel import Locale
    from unicode_rbnf import RbnfEngine

MOST_DIGITS = 12
"""Of a number that is read as one; a longer one is read digit by digit."""

_PLAIN = "spellout-numbering"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a language writes and reads numbers: a table of data/languages.toml.

    point: the word between a number and its decimals; dot: between parts of another kind.
    decimal: the mark of decimals. spaced: whether thousands stand apart by spaces. joined: whether
    words are written without spaces. fraction_as_number: whether ".14" is read "fourteen".
    """

    point: str
    dot: str = ""
    decimal: str = ","
    spaced: bool = False
    joined: bool = False
    fraction_as_number: bool = False
    plain: str = _PLAIN
    corrections: Mapping[str, str] = field(default_factory=dict)
    year: str = _PLAIN
    year_from_2000: str = ""
    year_after: tuple[str, ...] = ()
    ordinal: str = ""
    ordinal_endings: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    day: str = ""
    first_day: str = ""
    date_year: str = ""
    date_order: str = ""
    time: str = "{h} {m}"
    hour: str = ""
    hour_form: str = ""
    minute_form: str = ""
    to: str = ""
    ratio: str = ""
    percent: str = ""
    version: str = ""
    squared: str = ""
    cubed: str = ""
    power: str = ""
    mixed: str = ""
    mixed_half: str = ""
    fractions: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    money: Mapping[str, Any] = field(default_factory=dict)
    cents: str = ""
    genders: Mapping[str, str] = field(default_factory=dict)
    gender: str = ""
    nouns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    own_units: Mapping[str, Any] = field(default_factory=dict)


class NumberWords:
    """The number words of one language.

    Numbers given are without a sign and of at most `MOST_DIGITS` digits.
    """

    def __init__(self, code: str, habits: Habits) -> None:
        self.code = code
        self.habits = habits

    @functools.cached_property
    def locale(self) -> Locale:
        """Return CLDR's names and plural rules."""
        from babel import Locale

        return Locale.parse(self.code)

    @functools.cached_property
    def _engine(self) -> RbnfEngine:
        # Costs 80 ms to import; a command line that says nothing needs none of it.
        from unicode_rbnf import RbnfEngine

        return RbnfEngine.for_language(self.code)

    def cardinal(self, number: int, form: str = "") -> str:
        """Return "five" for 5. form: a rule set of CLDR, or a gender."""
        if self.code == "da" and number != 1:
            form = ""  # its gendered rules say "tusinde" for 1000
        return self._spelled(number, form, f"spellout-cardinal-{form}", self.habits.plain)

    def ordinal(self, number: int, form: str = "") -> str:
        """Return "fifth" for 5, or "" where the language has no rule. form: see `cardinal`."""
        return self._spelled(number, form, f"spellout-ordinal-{form}", self.habits.ordinal)

    def year(self, number: int) -> str:
        """Return "nineteen ninety-nine" for 1999."""
        late = self.habits.year_from_2000 if number >= 2000 else ""
        return self._spelled(number, late, self.habits.year, self.habits.plain)

    def digits(self, digits: str) -> str:
        """Return the words of each digit, whatever stands between them."""
        return self.join(self.cardinal(int(digit)) for digit in digits if digit.isdigit())

    def join(self, words: Iterable[str]) -> str:
        """Put words together as the language writes them."""
        return ("" if self.habits.joined else " ").join(word for word in words if word)

    def number(self, number: Decimal, form: str = "") -> str:
        """Return "three point one four" for 3.14: whole numbers as `cardinal`."""
        whole, _, fraction = f"{number:f}".partition(".")
        if not fraction:
            return self.cardinal(int(whole), form)
        return self.join([self.cardinal(int(whole)), self.habits.point, self._fraction(fraction)])

    def _fraction(self, fraction: str) -> str:
        as_number = len(fraction) == 2 and fraction[0] != "0" and self.habits.fraction_as_number
        return self.cardinal(int(fraction)) if as_number else self.digits(fraction)

    @functools.lru_cache(maxsize=2000)  # noqa: B019  there is one of each language, for good
    def _spelled(self, number: int, *rules: str) -> str:
        rule = next((rule for rule in rules if rule in self._engine.rulesets), None)
        if rule is None:
            return ""
        spelled = self._engine.format_number(number, ruleset_names=[rule]).text
        for wrong, right in self.habits.corrections.items():
            spelled = spelled.replace(wrong, right)
        return spelled


def words_of(code: str) -> NumberWords | None:
    """Return the words of an ISO 639-1 `code`; None for a language without."""
    return _all_words().get(code)


@functools.cache
def _all_words() -> dict[str, NumberWords]:
    folder = resources.files("bot.text.numbers") / "data"
    tables = tomllib.loads((folder / "languages.toml").read_text("utf-8"))
    return {code: NumberWords(code, _habits(table)) for code, table in tables.items()}


def _habits(table: dict[str, Any]) -> Habits:
    after = tuple(str(table.pop("year_after", "")).split())
    return Habits(year_after=after, **table)
