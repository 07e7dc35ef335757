"""A table of texts, said.tsv, and what an engine is asked to say for each."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from bot.text.names import Names
from bot.text.plan import TextLimits, plan_text

LIMITS = TextLimits(first_sentence_characters=260)
NAMES = Names(
    members={175928847299117063: "Anna_B ✨"},
    roles={200000000000000001: "🌙 Night Mods"},
    channels={300000000000000001: "general-chat", 300000000000000002: "📢｜announcements"},
    typed_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
)
LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "said.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
ROWS = [
    (language, engine, text, said)
    for language, engines, text, said in LINES
    for engine in (("chatterbox", "piper") if engines == "both" else (engines,))
]


def typed(text: str) -> str:
    """Undo the escapes of the table."""
    escape = re.compile(r"\\(?:n|\\|u[0-9a-f]{4})")
    return escape.sub(lambda match: codecs.decode(match[0], "unicode_escape"), text)


@pytest.mark.parametrize(("language", "engine", "text", "said"), ROWS)
def test_what_is_typed_is_said(language: str, engine: str, text: str, said: str) -> None:
    pieces = plan_text(typed(text), LIMITS, language=language, names=NAMES, engine=engine)
    assert " ¦ ".join(pieces) == said


def test_the_table_is_as_large_as_it_should_be() -> None:
    assert len(LINES) >= 150
    assert len({language for language, *_ in LINES} & set(LANGUAGES)) >= 12
    assert len({(language, text) for language, _, text, _ in LINES}) >= 150
