"""A table of texts, said.tsv, and what an engine is asked to say for each."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.languages import LANGUAGES
from bot.speech.models import MODELS
from bot.speech.texts import reads_for
from bot.text.engine_reads import EngineReads
from bot.text.names import Names
from bot.text.plan import TextLimits, plan_text

LIMITS = TextLimits(first_sentence_characters=260)
NAMES = Names(
    members={175928847299117063: "Anna_B ✨"},
    roles={200000000000000001: "🌙 Night Mods"},
    channels={300000000000000001: "general-chat", 300000000000000002: "📢｜announcements"},
    typed_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
)


def expanded(name: str, language: str) -> tuple[str, ...]:
    """The engines and models that a word of the table's second column means.

    Of a group, those that speak the language, if any does.
    """
    groups = {"both": ("piper", *MODELS), "chatterbox": tuple(MODELS), "sounding": SOUNDING}
    groups["silent"] = tuple({*MODELS}.difference(SOUNDING))
    meant = groups.get(name, (name,))
    return tuple(engine for engine in meant if language in reads(engine).languages) or meant


SOUNDING = ("turbo", "nano")
LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "said.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def typed(text: str) -> str:
    """Undo the escapes of the table."""
    escape = re.compile(r"\\(?:n|\\|u[0-9a-f]{4})")
    return escape.sub(lambda match: codecs.decode(match[0], "unicode_escape"), text)


def reads(engine: str) -> EngineReads:
    return reads_for("piper") if engine == "piper" else reads_for("chatterbox", engine)


@pytest.mark.parametrize(("language", "engines", "text", "said"), LINES)
def test_what_is_typed_is_said(language: str, engines: str, text: str, said: str) -> None:
    names = sorted({each for name in engines.split(",") for each in expanded(name, language)})
    alike = {reads(engine): engine for engine in names}  # several models read the same
    for how in alike:
        pieces = plan_text(typed(text), LIMITS, language=language, names=NAMES, reads=how)
        assert " ¦ ".join(pieces) == said, alike[how]


def test_the_table_is_as_large_as_it_should_be() -> None:
    assert len(LINES) >= 150
    assert len({language for language, *_ in LINES} & set(LANGUAGES)) >= 12
    assert len({(language, text) for language, _, text, _ in LINES}) >= 150
