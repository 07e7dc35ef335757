"""Regular expressions of members: compiled, tried before they count, never run for long.

The `regex` package has a time limit for a match, and lets other threads run meanwhile; `re` has
neither.
"""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bot.errors import UserError
from bot.i18n import _

TRIAL_SECONDS = 0.02
"""For one text that a new pattern is tried on; what takes longer is refused."""

TRIALS_SECONDS = 0.3
"""Of the processor, for all these texts together; what people use takes 0.01 s."""

MOST_REPEATS = 10_000
"""Of all counted repetitions within each other; ((a{99}){99}){99} takes 240 MB."""

_NO_COUNT = 2**32 - 1
_TRIAL_LENGTH = 600
_MAX_UNITS = 12

# Ordinary texts, and what nested quantifiers stumble over: one thing many times, and then another.
_ORDINARY = (
    "Well, hello there! I'll be back at 12:30, see https://example.com/a?b=1 and bring 1,000 €. ",
    "Das größte Übel: er hat's wieder nicht gemerkt (oder doch?) – „so ist das“, sagte sie... ",
    "草www それはすごいですね！明日の会議は１０時からです。可愛い猫が三匹います。",
    "Привет, как дела? مرحبا بالعالم، नमस्ते दुनिया। สวัสดีชาวโลก ",
)
_UNITS = ("a", "A", "0", " ", "_", "-", ".", "ab", "a ", "1,", "a.", "aA1", "ä", "あ", "x=x,", '"')
_RUN = re.compile(r"\w+|[^\w\s\\()\[\]{}|?*+^$]")
_REPEAT = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_REFERENCE = re.compile(r"\\(?:(\d{1,2})|g<(\w{1,32})>)")

Pattern: TypeAlias = Any
Match: TypeAlias = Any
"""Those of `regex`, which has no types."""


def compiled(written: str) -> Pattern:
    """Return the pattern; it looks at no case. Raises UserError where it is none."""
    import regex  # takes 15 ms, and most servers have no pattern

    if _repeats(written) > MOST_REPEATS:
        raise _too_long()
    try:
        return regex.compile(written, regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError, KeyError) as error:
        raise UserError(
            _("That is no regular expression: {reason}.").format(reason=str(error)[:100])
        ) from None


def check_pattern(written: str, spoken: str) -> None:
    """Raise UserError unless a pattern can be used with what is said for it."""
    pattern = compiled(written)
    _check_references(pattern, spoken)
    if _found(pattern, ""):
        raise UserError(_("That pattern also finds nothing at all, between any two letters."))
    start = time.thread_time()
    for text in _trials(written):
        _found(pattern, text)
        if time.thread_time() - start > TRIALS_SECONDS:
            raise _too_long()


def expander(spoken: str) -> Callable[[Match], str]:
    """Return what makes of a match what is said for it: \\1, \\g<name> are its groups."""

    def filled(match: Match) -> str:
        return _REFERENCE.sub(lambda found: _said(match, _group(found)), spoken)

    return filled if _REFERENCE.search(spoken) else lambda _match: spoken


def _said(match: Match, group: int | str) -> str:
    try:
        return match[group] or ""
    except IndexError:  # an entry that was never checked, of a damaged database
        return ""


def _repeats(written: str) -> int:
    """Return how often all counted repetitions, one within another, would repeat."""
    counts = (max(int(n or 0) for n in found.groups()) for found in _REPEAT.finditer(written))
    # What is larger is no repetition at all, which compiling says.
    return math.prod(max(count, 1) for count in counts if count < _NO_COUNT)


def _group(reference: re.Match[str]) -> int | str:
    name: str = reference[1] or reference[2]
    return int(name) if name.isdecimal() else name


def _check_references(pattern: Pattern, spoken: str) -> None:
    known = {*range(pattern.groups + 1), *pattern.groupindex}
    for group in map(_group, _REFERENCE.finditer(spoken)):
        if group not in known:
            raise UserError(_("The pattern has no group {group}.").format(group=group))


def _found(pattern: Pattern, text: str) -> bool:
    for _attempt in range(2):  # the machine may have been busy
        with contextlib.suppress(TimeoutError, MemoryError):
            return sum(1 for _match in pattern.finditer(text, timeout=TRIAL_SECONDS)) > 0
    raise _too_long()


def _too_long() -> UserError:
    return UserError(
        _(
            "That pattern would take too long. Avoid repetitions within repetitions, as in "
            "(a+)+, and let each alternative begin with something else."
        )
    )


def _trials(written: str) -> Iterator[str]:
    """Yield what a pattern is tried on: ordinary texts, and what is made of its own parts."""
    for text in _ORDINARY:
        yield _long(text)
    own = dict.fromkeys(_RUN.findall(written))
    letters = dict.fromkeys("".join(own))
    for unit in (*_UNITS, *list(own)[:_MAX_UNITS], *list(letters)[:_MAX_UNITS]):
        yield _long(unit) + "!\n"
        yield _long(unit) + "x"


def _long(unit: str) -> str:
    return (unit * _TRIAL_LENGTH)[:_TRIAL_LENGTH]
