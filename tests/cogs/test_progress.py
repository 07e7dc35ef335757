"""The one answer to /say that follows the utterance."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

import cogs.progress
from bot.command_tree import ARRIVED
from bot.voice.utterances import Progress, UtteranceEnd
from cogs.progress import ProgressLine, progress_text


@dataclass
class Interaction:
    """As much of an interaction as an answer's edits need."""

    minutes_left: float = 15
    guild_id: int = 1
    failure: Exception | None = None
    edits: list[str] = field(default_factory=list)

    @property
    def extras(self) -> dict[str, float]:
        return {ARRIVED: time.monotonic() - 60 * (15 - self.minutes_left)}

    async def edit_original_response(self, *, content: str) -> None:
        await asyncio.sleep(0)
        self.edits.append(content)
        if self.failure is not None:
            raise self.failure


def at(played: int, end: UtteranceEnd | None = None) -> Progress:
    return Progress(sentences=9, played=played, started=True, end=end)


def line_for(interaction: Any) -> ProgressLine:
    return ProgressLine(interaction)


@pytest.mark.parametrize("end", list(UtteranceEnd))
def test_every_end_has_its_words(end: UtteranceEnd) -> None:
    assert progress_text(at(1, end)).endswith((".", "!"))


def test_a_failure_tells_its_reason() -> None:
    failed = Progress(3, 1, started=True, end=UtteranceEnd.FAILED, error="No words for it.")
    assert progress_text(failed) == "No words for it."


def test_a_single_sentence_needs_no_progress() -> None:
    assert progress_text(Progress(1, 0, started=True)) == ""


def test_notes_stand_below_whatever_else_is_told() -> None:
    playing = Progress(1, 0, started=True, notes=("It ignores this.",))
    assert progress_text(playing) == "-# It ignores this."
    said = Progress(1, 1, started=True, end=UtteranceEnd.PLAYED, notes=("One.", "Two."))
    assert progress_text(said) == "Said.\n-# One.\n-# Two."


async def test_nothing_is_edited_before_the_answer_is_out() -> None:
    interaction = Interaction()
    line = line_for(interaction)
    line.report(at(1))
    await asyncio.sleep(0.01)
    assert interaction.edits == []
    line.open("Ann speaks.")
    await asyncio.sleep(0.01)
    assert interaction.edits == ["Ann speaks.\n1 of 9 sentences heard."]


async def test_quick_steps_are_joined_and_the_last_one_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cogs.progress, "EDIT_SECONDS", 0.05)
    interaction = Interaction()
    line = line_for(interaction)
    line.open("Ann speaks.")
    for played in range(9):
        line.report(at(played))
    line.report(at(9, UtteranceEnd.PLAYED))
    while len(interaction.edits) < 2:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert [edit.splitlines()[-1] for edit in interaction.edits] == [
        "0 of 9 sentences heard.",
        "Said.",
    ]


async def test_an_answer_that_can_no_longer_be_edited_is_left_alone() -> None:
    interaction = Interaction(minutes_left=0.1)
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(1))
    await asyncio.sleep(0.01)
    assert interaction.edits == []


async def test_a_failing_edit_harms_nothing() -> None:
    interaction = Interaction(failure=OSError("gone"))
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(1))
    await asyncio.sleep(0.01)
    assert len(interaction.edits) == 1
