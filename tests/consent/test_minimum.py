"""What a server asks of a voice at least, and which ways are left."""

from __future__ import annotations

import pytest

from bot.consent import minimum
from bot.consent.minimum import live_level, sentence_language, shortfall
from storage.types import Level


def told(level: Level, least: Level) -> str | None:
    return shortfall(level, least, lambda command: f"/{command}", "enroll")


@pytest.fixture(params=[True, False])
def recogniser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    installed: bool = request.param
    monkeypatch.setattr("bot.consent.recognition.installed", lambda: installed)
    monkeypatch.setattr(minimum, "installed", lambda: installed)
    return installed


@pytest.mark.parametrize(
    ("level", "least"),
    [("declared", "declared"), ("spoken", "declared"), ("live", "live"), ("operator", "spoken")],
)
def test_what_proves_enough_is_not_refused(level: Level, least: Level) -> None:
    assert told(level, least) is None


@pytest.mark.parametrize(
    ("level", "least", "ways"),
    [
        ("declared", "own message", ["Make this my voice", "/enroll"]),
        ("declared", "live", ["/enroll"]),
        ("own message", "live", ["/enroll"]),
    ],
)
def test_a_refusal_names_the_ways_that_are_left(
    level: Level, least: Level, ways: list[str]
) -> None:
    text = told(level, least) or ""
    assert all(way in text for way in ways)
    assert ("Make this my voice" in text) is (least == "own message")


def test_words_that_were_not_heard_are_said_again_or_cannot_be_heard_here(
    recogniser: bool,
) -> None:
    text = told("live", "spoken") or ""
    assert ("Record again" in text) is recogniser
    assert ("/settings" in text) is not recogniser


def test_the_sentence_is_in_a_language_whose_words_count_where_they_must(
    recogniser: bool,
) -> None:
    assert sentence_language("de", "live") == "de"
    assert sentence_language("de", "spoken") == "en"
    assert live_level("en") == ("spoken" if recogniser else "live")
    assert live_level("de") == "live"
