"""Names that the operator lets nobody enrol."""

from __future__ import annotations

import contextlib
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from typing import Any, TypeAlias

from storage.errors import InvalidNameError
from storage.names import name_key
from storage.skeletons import prototype

MATCH_SECONDS = 0.05
"""For one regular expression on one name; what takes longer is passed over and logged."""

Match: TypeAlias = Callable[[str], bool]

log = logging.getLogger(__name__)

# Beside Unicode's table: small letters that look like Latin capitals, and what is written for
# letters. 1 stands in that table for l and I, here for i, too.
_BESIDES = str.maketrans("вкмнтβεκτχω", "bkmhtbektxw")
_WRITTEN_FOR = str.maketrans("013457@$!", "oieastasi")


class NoGoNames:
    """The operator's list.

    patterns: each a name in which * and ? stand for any letters and for one, compared with the
    whole name; or a regular expression between two slashes, which is looked for anywhere in it.
    Neither looks at case, accents or full-width forms, nor at what `storage.names.name_key` takes
    for the same. A plain pattern is also compared without spaces, punctuation and marks, and
    with lookalikes of other scripts as the Latin letters that they look like.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._matches = [_compiled(pattern) for pattern in patterns]

    def holds(self, name: str) -> bool:
        """Whether a name is on the list."""
        return any(match(name) for match in self._matches)

    def refuse(self, name: str) -> None:
        """Raise `InvalidNameError` for a name on the list, without telling what is on it."""
        if self.holds(name):
            raise InvalidNameError("Nobody may give a voice this name here. Choose another name.")


def check_patterns(patterns: Sequence[str]) -> list[str]:
    """Return the patterns. Raises `ValueError` for one that cannot be used."""
    for pattern in patterns:
        if not _is_expression(pattern) and not _plain(pattern).strip("*?"):
            raise ValueError(
                "should hold names with at least one letter or digit each, or regular expressions "
                "between slashes"
            )
        _compiled(pattern)
    return list(patterns)


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")


def _compiled(pattern: str) -> Match:
    if _is_expression(pattern):
        return _expression(pattern[1:-1])
    whole = re.compile(translate(_no_classes(_folded(pattern))))
    plain = re.compile(translate(_plain(pattern)))
    return lambda name: bool(whole.match(_folded(name)) or plain.match(_plain(name, wild="")))


def _expression(written: str) -> Match:
    import regex  # takes 15 ms, and few lists have an expression

    try:
        expression: Any = regex.compile(written, regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError, KeyError) as error:
        raise ValueError(f"should hold regular expressions that are valid ({error})") from None

    def matches(name: str) -> bool:
        for text in dict.fromkeys((name, name_key(name), _folded(name))):
            with contextlib.suppress(MemoryError):
                try:
                    if expression.search(text, timeout=MATCH_SECONDS):
                        return True
                except TimeoutError:
                    log.warning("an expression of no_go_names takes too long")
        return False

    return matches


def _folded(text: str) -> str:
    """Return a name's key without accents and other marks."""
    return "".join(c for c in name_key(text) if unicodedata.category(c)[0] != "M")


def _no_classes(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _plain(text: str, wild: str = "*?") -> str:
    """Return nothing but its letters and digits, lookalikes as what they look like.

    wild: what else stays, for a pattern.
    """
    return "".join(_letters(_folded(text), wild))


def _letters(folded: str, wild: str) -> Iterator[str]:
    for character in folded:
        if character in wild:
            yield character
        elif (like := _like(character)).isalnum():
            yield like


def _like(character: str) -> str:
    besides = character.translate(_BESIDES)
    like = prototype(character) if besides == character else besides
    return like.casefold().translate(_WRITTEN_FOR)
