"""The whole bot with two engine workers, of which one is killed in mid-text: what is heard."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.speech.types import Speech
from loopback import LoopbackDiscord, Message, best_correlation, decode_opus, wait_until
from tests.e2e.live import VOICE, Call, Live, add_operator_voice, content, open_bot
from tests.e2e.test_reading import stretches

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),  # with a seed, piper makes a session for each sentence
]

SENTENCES = (
    "The rain had stopped before morning.",
    "Four brown hens live behind the house.",
    "Nobody knows why the lighthouse was painted green.",
    "She kept the letters in a box of tin.",
    "We walked along the river until the bridge.",
    "The baker opens at six, except on Sundays.",
    "His bicycle was older than the school.",
    "In the evening the wind came back.",
)
WITHIN_SECONDS = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    data = tmp_path_factory.mktemp("data")
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        async with open_bot(discord, data, devices=("cpu", "cpu")) as live:
            await live.warm()
            await both_ready(live)
            yield live
        discord.assert_clean()


async def both_ready(live: Live) -> None:
    engine = live.backstage.engine
    await wait_until(
        lambda: all(device.reading().ready for device in engine.devices),
        WITHIN_SECONDS,
        "both engines",
    )


async def ask(call: Call) -> Message:
    """Ask for the text with a seed, with which it sounds the same each time."""
    return await call.ada.slash("say", text=" ".join(SENTENCES), voice=VOICE, seed=7).answered()


async def heard(live: Live, call: Call, answer: Message) -> list[Speech]:
    """Wait for the end of the text; return its sentences, which were heard whole and in order."""
    await content(answer, "\nSaid.", WITHIN_SECONDS)
    await call.heard_to_the_end()
    speeches = live.desk.spoken[call.guild.id]
    stretches(call.listener.audible, speeches)
    return speeches


async def test_a_worker_that_is_killed_in_mid_text_is_not_heard(live: Live) -> None:
    engine = live.backstage.engine
    undisturbed = await live.new_call()
    expected = await heard(live, undisturbed, await ask(undisturbed))
    assert len(expected) == len(SENTENCES)

    call = await live.new_call()
    answer = await ask(call)
    victim, other = engine.devices
    await wait_until(lambda: call.guild.id in live.desk.spoken, WITHIN_SECONDS, "a sentence")
    pid, made = engine.workers[0].pid, other.reading().sentences
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # what it has it does not get done with
    await wait_until(
        lambda: victim.reading().working > 0 and other.reading().sentences > made,
        WITHIN_SECONDS,
        "a sentence of the stopped worker's",
    )
    assert len(live.desk.spoken[call.guild.id]) < len(SENTENCES)
    os.kill(pid, signal.SIGKILL)
    spoken = await heard(live, call, answer)

    for once, again in zip(expected, spoken, strict=True):
        assert best_correlation(decode_opus(once.packets), decode_opus(again.packets)) > 0.95
    assert sum(each.reading().sentences for each in engine.devices) == 2 * len(SENTENCES)
    await both_ready(live)
    assert engine.condition().restarts == 1
