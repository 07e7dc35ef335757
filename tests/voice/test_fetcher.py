"""What is fetched ahead, and when fetching ends."""

import asyncio
import dataclasses

import pytest

from bot.errors import EngineDeadError, EngineError
from bot.speech.types import Speech
from bot.voice.fetcher import Fetcher, Lead
from bot.voice.limits import VoiceLimits
from bot.voice.queue import SpeechQueue
from bot.voice.utterances import Item, UtteranceEnd
from tests.voice.stage import Script


@pytest.mark.parametrize("planned", [1, 3])
async def test_the_sentences_that_came_are_counted_not_those_that_were_planned(
    planned: int,
) -> None:
    sentence = Speech((b"packet",) * 5, 0.1)
    script = Script([sentence, sentence])
    request = dataclasses.replace(script.request(channel_id=1), sentences=planned)
    item = Item(request, lambda item, event: None)
    item.report()
    queue = SpeechQueue(VoiceLimits())
    queue.add(item)
    Fetcher(queue, Lead(10.0), on_fetched=lambda: None).wake()
    assert item.fetch is not None
    await item.fetch
    item.report()
    assert [progress.sentences for progress in script.progress] == [planned, 2]
    assert item.seconds_left == pytest.approx(0.2)


@pytest.mark.parametrize("steps", range(5))
async def test_a_skip_ends_a_fetch_also_just_after_it_was_woken(steps: int) -> None:
    """`asyncio.wait_for` of Python 3.11 would swallow the skip at one of these steps."""
    second = Speech((b"packet",) * 50, 1.0)
    script = Script([second, second])
    item = Item(script.request(channel_id=1), lambda item, event: None)
    queue = SpeechQueue(VoiceLimits())
    queue.add(item)
    fetched = asyncio.Event()
    fetcher = Fetcher(queue, Lead(0.5), on_fetched=fetched.set)
    fetcher.wake()
    await fetched.wait()
    fetcher.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    fetch = item.fetch
    assert fetch is not None
    queue.remove(item)
    item.finish(UtteranceEnd.SKIPPED)
    await asyncio.wait([fetch], timeout=5)
    assert fetch.cancelled()
    assert len(script.dues) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EngineDeadError("CUDA error at /opt/models"), "The voice engine is out of order"),
        (EngineDeadError("no room at /opt", "No model is there yet."), "No model is there yet."),
        (EngineError("Try other words."), "Try other words."),
    ],
)
async def test_what_is_the_operators_to_know_is_told_no_member(error: Exception, told: str) -> None:
    script = Script([], failure=error)
    item = Item(script.request(channel_id=1), lambda item, event: None)
    queue = SpeechQueue(VoiceLimits())
    queue.add(item)
    Fetcher(queue, Lead(10.0), on_fetched=lambda: None).wake()
    assert item.fetch is not None
    await item.fetch
    assert str(item.error).startswith(told)
    assert "/opt" not in str(item.error)
