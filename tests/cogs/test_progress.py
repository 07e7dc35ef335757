"""The one answer to /say that follows the utterance."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord.webhook.async_ import async_context

import cogs.progress
from bot.command_tree import ARRIVED
from bot.discord_http import CarefulWebhooks
from bot.voice.utterances import Progress, UtteranceEnd
from cogs.progress import ProgressLine, progress_text


@dataclass
class Interaction:
    """As much of an interaction as an answer's edits need."""

    minutes_left: float = 15
    guild_id: int = 1
    failures: list[Exception] = field(default_factory=list)  # of the next edits
    edits: list[str] = field(default_factory=list)

    @property
    def extras(self) -> dict[str, float]:
        return {ARRIVED: time.monotonic() - 60 * (15 - self.minutes_left)}

    async def edit_original_response(self, *, content: str) -> None:
        await asyncio.sleep(0)
        self.edits.append(content)
        if self.failures:
            raise self.failures.pop(0)


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


async def shown(line: ProgressLine, interaction: Interaction, edits: int) -> list[str]:
    """Return the last lines of what was edited, once there are so many and nothing follows."""
    async with asyncio.timeout(5):
        while len(interaction.edits) < edits:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    return [edit.splitlines()[-1] for edit in interaction.edits]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cogs.progress, "EDIT_SECONDS", 0.01)
    monkeypatch.setattr(cogs.progress, "PAUSES_SECONDS", (0.02, 0.02, 0.02))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("failures", [1, 3])
async def test_an_end_that_could_not_be_shown_is_shown_later(failures: int) -> None:
    interaction = Interaction(failures=[OSError("cut")] * failures)
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(9, UtteranceEnd.PLAYED))
    assert await shown(line, interaction, failures + 1) == ["Said."] * (failures + 1)


@pytest.mark.usefixtures("quick")
async def test_edits_that_fail_again_and_again_come_to_an_end() -> None:
    interaction = Interaction(failures=[OSError("cut")] * 99)
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(9, UtteranceEnd.PLAYED))
    assert await shown(line, interaction, 4) == ["Said."] * 4


@pytest.mark.usefixtures("quick")
async def test_the_latest_step_is_shown_in_place_of_one_that_failed() -> None:
    interaction = Interaction(failures=[OSError("cut")])
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(1))
    line.report(at(2))
    await asyncio.sleep(0)
    line.report(at(9, UtteranceEnd.PLAYED))
    assert await shown(line, interaction, 2) == ["1 of 9 sentences heard.", "Said."]


@pytest.mark.usefixtures("quick")
async def test_an_answer_that_was_dismissed_is_not_asked_for_again() -> None:
    response: Any = SimpleNamespace(status=404, reason="Not Found")
    interaction = Interaction(failures=[discord.NotFound(response, "Unknown Message")])
    line = line_for(interaction)
    line.open("Ann speaks.")
    line.report(at(9, UtteranceEnd.PLAYED))
    assert await shown(line, interaction, 1) == ["Said."]


async def test_edits_are_made_as_the_command_makes_its_calls() -> None:
    made: list[object] = []

    class Watched(Interaction):
        async def edit_original_response(self, *, content: str) -> None:
            made.append(async_context.get())
            await super().edit_original_response(content=content)

    interaction, careful = Watched(), CarefulWebhooks()
    token = async_context.set(careful)  # type: ignore[no-untyped-call]
    line = line_for(interaction)
    async_context.reset(token)
    line.open("Ann speaks.")
    line.report(at(9, UtteranceEnd.PLAYED))
    await shown(line, interaction, 1)
    assert made == [careful]
