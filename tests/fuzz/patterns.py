"""Regular expressions of members and texts that they stumble over: refused, or used within time.

Also those that the check refuses are used, as entries of a database that somebody changed would be.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import psutil
from structlog.testing import capture_logs

from bot.dictionary.entries import MAX_WRITTEN, checked
from bot.dictionary.matcher import MAX_GROWTH, TEXT_SECONDS, Matcher
from bot.dictionary.patterns import TRIAL_SECONDS, TRIALS_SECONDS
from bot.dictionary.table import Table
from bot.errors import UserError
from storage.dictionary import Entry
from tests.endurance import progress
from tests.fuzz.report import Report
from tests.fuzz.targets import kept

NAME = "patterns"
CASES = 5_000
QUICK = 40

SLACK_SECONDS = 0.6
"""Of the processor, beyond the limits: regex looks at the clock only now and then."""

MOST_GROWTH_MB = 200

ATOMS = (
    "a", "b", "0", r"\w", r"\d", r"\s", ".", "[a-z]", "[^a]", "ä", "あ", r"\b", "^", "$", "x=",
    "\\", r"\p{L}", r"\X", r"\R", "(?i)", "(?R)", "(?1)", r"\1", r"\g<n>", "(?<n>a)", "{2}",
    "{e<=3}", "|", "(?:", "(", ")", "(?=", "(?<=", "(?>", "[", "]", r"\N{DIGIT ONE}", "(?|",
    "(*SKIP)", "\0", "😀",
)  # fmt: skip
REPEATS = (
    "", "", "", "*", "+", "?", "*+", "+?", "{0,9}", "{3,}", "{1000}", "{99999}", "{9999999999}"
)  # fmt: skip
NASTY = ("(a+)+$", "(a|a)*b", "(.*)*x", r"(\w+\s?)+!", "(a?){60}a{60}", "((a{99}){99}){99}",
         "(?:a|aa)+$", r"(.+)\1+x", "(?:(?:a*)*)*b", "(?e)(?:abc){e<=9}", "(?R)?a")  # fmt: skip
SPOKEN = ("", "word", r"\1", r"\g<n>", "\\1" * 60, "w" * 200, "\\", r"\99")
UNITS = ("a", "ab", "a ", "0", "ä", "あ", "x=", "\n", ".", "😀", "aA", "!")


def run(cases: int, seed: int, corpus: Path) -> Report:
    """Try so many, those that are kept first: the pattern on the first line, then the text."""
    report, process = Report(), psutil.Process()
    report.figures |= {"slowest_check_seconds": 0.0, "slowest_text_seconds": 0.0}
    inputs = kept(corpus)
    _try("a", "b", "a", report, "to load what is loaded once")
    before = process.memory_info().rss
    # Patterns that are passed over are logged, and here many are.
    with capture_logs(), progress(cases, NAME) as advance:
        for case in range(cases - 1):
            chance = random.Random(f"{seed} {case}")
            written, spoken, text = _pattern(chance), chance.choice(SPOKEN), _text(chance)
            if case < len(inputs):
                written, _, text = inputs[case].decode("utf-8").partition("\n")
                spoken = r"\9"
            _try(written, spoken, text, report, f"--seed {seed}, case {case}: {written!r}")
            advance(1)
    growth = (process.memory_info().rss - before) / 1e6
    report.figures["growth_mb"] = round(growth, 1)
    if growth > MOST_GROWTH_MB:
        report.fail(f"memory grew by {growth:.0f} MB", f"--seed {seed}")
    return report


def _try(written: str, spoken: str, text: str, report: Report, reproduce: str) -> None:
    entry = Entry(written, spoken, pattern=True)
    try:
        begun = time.thread_time()
        outcome = _checked(entry)
        check = time.thread_time() - begun
        begun = time.thread_time()
        said = _said(entry, text)
        taken = time.thread_time() - begun
    except Exception as error:  # whatever comes is what is looked for
        report.fail(f"{type(error).__name__}: {error}", reproduce)
        return
    figures = report.figures
    figures["slowest_check_seconds"] = round(max(figures["slowest_check_seconds"], check), 3)
    figures["slowest_text_seconds"] = round(max(figures["slowest_text_seconds"], taken), 3)
    if check > TRIALS_SECONDS + 2 * TRIAL_SECONDS + SLACK_SECONDS:
        report.fail(f"the check took {check:.1f} s", reproduce)
    elif taken > TEXT_SECONDS + SLACK_SECONDS:
        report.fail(f"a text took {taken:.1f} s", reproduce)
    elif len(said) > len(text) + MAX_GROWTH:
        report.fail(f"a text grew by {len(said) - len(text)} characters", reproduce)
    else:
        report.count(outcome)


def _checked(entry: Entry) -> str:
    try:
        checked(entry)
    except UserError:
        return "refused"
    return "taken"


def _said(entry: Entry, text: str) -> str:
    try:
        table = Table([entry])
    except UserError:
        return text
    return Matcher([table]).entries("en").replace(text)


def _pattern(chance: random.Random) -> str:
    if chance.random() < 0.2:
        return chance.choice(NASTY) + chance.choice(ATOMS)
    pieces = (chance.choice(ATOMS) + chance.choice(REPEATS) for _ in range(chance.randrange(1, 12)))
    return "".join(pieces)[: MAX_WRITTEN + 5]


def _text(chance: random.Random) -> str:
    unit = chance.choice(UNITS)
    return (unit * 3000)[: chance.choice((1, 30, 600, 3000))] + chance.choice(("", "!", "x", "b"))
