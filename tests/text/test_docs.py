"""docs/input.md, held to what the code says."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from bot.text.engine_reads import WORDS
from bot.text.plan import plan_text
from tests.text.test_said import LIMITS, NAMES

PAGE = Path(__file__).parents[2] / "docs" / "input.md"
ROWS = re.findall(r"^\| `(.+)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("text", "said"), ROWS)
def test_the_page_shows_what_is_said(text: str, said: str) -> None:
    pieces = plan_text(html.unescape(text), LIMITS, names=NAMES, reads=WORDS)
    assert " ".join(pieces) == said


def test_the_page_has_examples() -> None:
    assert len(ROWS) > 30
