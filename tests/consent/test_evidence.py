"""The record of a consent, as it is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.consent.evidence import Evidence, evidence_of

LIVE = Evidence(
    way="live",
    level="spoken",
    statement="I, Ann, agree that this bot may speak in my voice: potato, zebra, violin, river.",
    language="en",
    guild_id=2**62,
    channel_id=5,
    asked_at="2026-11-27T12:00:00+00:00",
    words_asked=("potato", "zebra", "violin", "river"),
    words_heard=("potato", "zebra", "river"),
    scores=(0.9, 0.8, 0.7),
    similarity=0.81,
    threshold=0.6,
    gaps=2,
    lost_seconds=0.06,
)


@pytest.mark.parametrize(
    "evidence", [LIVE, replace(LIVE, words_heard=None), Evidence("upload", "declared", "", "de", 1)]
)
def test_a_record_is_read_as_it_was_written(evidence: Evidence) -> None:
    assert evidence_of(json.loads(json.dumps(evidence.to_json()))) == evidence


@pytest.mark.parametrize("record", [{}, {"format": 99}, {"format": 1, "way": "live"}])
def test_what_was_not_written_here_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"format|missing"):
        evidence_of(record)
