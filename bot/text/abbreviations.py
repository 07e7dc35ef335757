"""Where sentencex cuts a sentence in two: after abbreviations that it does not know."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources

_OPENING = "\"'“„«‘‚([{¿¡-– "
_WITHIN_A_WORD = re.compile(r"^\S[-'’/]\w")
_CONTINUING = (
    ",",
    ";",
    ":",
    ".",
    "!",
    "?",
    "…",
    ")",
    "]",
    "}",
    "%",
    "»",
    "”",
    "，",
    "、",
    "。",
    "؟",
    "،",
)
_LAST_WORD = re.compile(r"(?:(\S+)\s+)?([^\s(\[{\"'“„«‘]+)$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_INITIAL = re.compile(r"[^\W\d_]\.")
_DOTTED = re.compile(r"[^\W\d_]{1,4}(?:\.[^\W\d_]{1,4})+\.")
_DAY = re.compile(r"\d{1,2}\.")
# "iPhone sales rose." begins a sentence although its first letter is small.
_BRAND = re.compile(r"[a-z]{1,4}[A-Z]")


@dataclass(frozen=True, slots=True)
class _Abbreviations:
    """before_names: never at the end of a sentence. before_numbers: not where a digit follows.

    starters: words that begin a sentence and are no names. months: follow the number of a day.
    """

    before_names: frozenset[str]
    before_numbers: frozenset[str]
    starters: frozenset[str]
    months: frozenset[str]


def belong_together(left: str, right: str, code: str) -> bool:
    """Whether `right` goes on with the sentence that `left` begins.

    It does when it begins with a small letter or a mark that ends or separates, or stands after an
    abbreviation of the language (ISO 639-1 `code`; English for those without a list).
    """
    if "\n\n" in left[-3:] + right[:3]:
        return False
    if _WITHIN_A_WORD.search(left[-1:] + right[:2]):  # "av. J.-C."
        return True
    left, right = left.rstrip(), right.lstrip()
    if not left or not right or right.startswith(_CONTINUING):
        return True
    if left.endswith("」") and right.startswith(("と", "って")):
        return True  # "...", he said
    words = _LAST_WORD.search(left)
    before, last = (words[1] or "", words[2]) if words else ("", "")
    return _goes_on(before, last, right.lstrip(_OPENING) or right, _of(code))


def _goes_on(before: str, last: str, right: str, known: _Abbreviations) -> bool:
    if right[0].islower():
        return not _BRAND.match(right) or _listed(last, known.before_names)
    if right[0].isdigit():
        return _before_number(last, known)
    return _before_name(before, last, right, known)


def _before_number(last: str, known: _Abbreviations) -> bool:
    listed = _listed(last, known.before_names | known.before_numbers)
    return listed or bool(_DAY.fullmatch(last) or _DOTTED.fullmatch(last))


def _before_name(before: str, last: str, right: str, known: _Abbreviations) -> bool:
    word = _FIRST_WORD.match(right)
    first = word[0] if word else ""
    if first in known.starters:
        return False
    if _DAY.fullmatch(last):
        return first.casefold() in known.months
    return _listed(last, known.before_names) or _is_initial(before, last)


def _is_initial(before: str, last: str) -> bool:
    """Whether a name goes on after a letter: "J. Smith", "z. B. Salz", but not "plan B. Then"."""
    if not _INITIAL.fullmatch(last):
        return False
    return last[0].islower() or not before or before[0].isupper() or bool(_INITIAL.match(before))


def _listed(word: str, abbreviations: frozenset[str]) -> bool:
    # Entries with a small letter also begin sentences: "T.ex." as "t.ex.".
    return word in abbreviations or word[:1].lower() + word[1:] in abbreviations


def _of(code: str) -> _Abbreviations:
    lists = _all_lists()
    return lists.get(code, lists["en"])


@functools.cache
def _all_lists() -> dict[str, _Abbreviations]:
    file = resources.files("bot.text") / "data" / "abbreviations.toml"
    lists = tomllib.loads(file.read_text("utf-8"))
    everywhere = lists.pop("everywhere")
    return {code: _lists(everywhere, lists[code]) for code in lists}


def _lists(everywhere: dict[str, str], language: dict[str, str]) -> _Abbreviations:
    def words(name: str) -> frozenset[str]:
        return frozenset((everywhere.get(name, "") + " " + language.get(name, "")).split())

    return _Abbreviations(
        words("before_names"), words("before_numbers"), words("starters"), words("months")
    )
