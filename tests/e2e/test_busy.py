"""While the engine loads or works, members are answered and speech keeps its pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from loopback import Interaction, Pacing, Upload
from tests.e2e.live import Call, Live, open_live
from tests.metronome import assert_keeps_pace

pytestmark = pytest.mark.asyncio(loop_scope="package")

ANSWER_SECONDS = 3.0
TALK = "The rain had stopped before morning. The road to the harbour was still wet, and cold."


def every_command(call: Call, recording: Upload) -> dict[str, Interaction]:
    """Send every kind of command at once."""
    ada = call.ada
    return {
        "say": call.say("Hello there."),
        "enroll": ada.slash("enroll", sample=recording, name="Ada"),
        "queue": ada.slash("queue"),
        "voice list": ada.slash("voice list"),
        "voice preview": ada.slash("voice preview", voice="Anna"),
        "skip": ada.slash("skip"),
    }


async def seconds_to_answers(sent: dict[str, Interaction]) -> dict[str, float]:
    await asyncio.gather(*(interaction.acknowledged() for interaction in sent.values()))
    return {name: interaction.acknowledged_after or 0.0 for name, interaction in sent.items()}


@dataclass
class Awakening:
    """Commands that were sent to a bot while its engine and libraries were being loaded."""

    call: Call
    sent: dict[str, Interaction]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def awakening(
    recording: Upload, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Awakening]:
    async with open_live(tmp_path_factory.mktemp("waking")) as live:
        call = await live.new_call()
        loading = asyncio.create_task(live.warm())
        sent = every_command(call, recording)
        await sent["say"].answered()
        assert not live.backstage.engine.ready
        yield Awakening(call, sent)
        await loading


async def test_commands_are_answered_while_the_engine_loads(awakening: Awakening) -> None:
    after = await seconds_to_answers(awakening.sent)
    assert max(after.values()) < ANSWER_SECONDS, after


async def test_a_text_sent_while_the_engine_loads_is_heard_once_it_has(
    awakening: Awakening,
) -> None:
    answer = await awakening.sent["say"].answered()
    assert "The voice engine is still loading" in answer.content
    await awakening.call.listener.until_heard(20, 20)


async def test_commands_are_answered_while_the_engine_works(
    live: Live, call: Call, recording: Upload
) -> None:
    async with live.busy_engine():
        after = await seconds_to_answers(every_command(call, recording))
    assert max(after.values()) < ANSWER_SECONDS, after


async def pace(call: Call) -> Pacing:
    """Have something said and return its pace, from the first sound to the closing silence."""
    before = len(call.listener.packets)
    call.say(TALK)
    await call.listener.until_heard(len(call.listener.audible) + 1)
    await call.heard_to_the_end()
    return call.listener.pacing(call.listener.packets[before:])


async def test_speech_keeps_its_pace_while_the_engine_works_on(live: Live, call: Call) -> None:
    async with live.busy_engine():
        await assert_keeps_pace(lambda: pace(call))
