"""What is fetched ahead, and when fetching ends."""

import asyncio
from collections import deque

import pytest

from bot.speech.types import Speech
from bot.voice.fetcher import Fetcher, Lead
from bot.voice.utterances import Item, UtteranceEnd
from tests.voice.stage import Script


@pytest.mark.parametrize("steps", range(5))
async def test_a_skip_ends_a_fetch_also_just_after_it_was_woken(steps: int) -> None:
    """`asyncio.wait_for` of Python 3.11 would swallow the skip at one of these steps."""
    second = Speech((b"packet",) * 50, 1.0)
    script = Script([second, second])
    item = Item(script.request(channel_id=1), lambda item, event: None)
    items = deque([item])
    fetched = asyncio.Event()
    fetcher = Fetcher(items, Lead(0.5), on_fetched=fetched.set)
    fetcher.wake()
    await fetched.wait()
    fetcher.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    items.remove(item)
    item.finish(UtteranceEnd.SKIPPED)
    assert item.fetch is not None
    await asyncio.wait([item.fetch], timeout=5)
    assert item.fetch.cancelled()
    assert len(script.dues) == 1
