"""What members are told of the wait when the queue or the engine has too much."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import BusyError
from bot.speech.types import Speech
from bot.voice.limits import VoiceLimits
from bot.voice.queue import SpeechQueue
from bot.voice.utterances import Due, Item, Rank, SayRequest

TEXT = "x" * 140  # ten seconds
SENTENCES = 2


async def _nothing(_due: Due) -> AsyncIterator[Speech]:
    return
    yield


def item(member_id: int) -> Item:
    request = SayRequest(member_id, 1, "Ada", TEXT, SENTENCES, _nothing)
    return Item(request, lambda item, event: None)


def queue_of(*members: int, each: float = 0.0, **limits: float) -> SpeechQueue:
    """Return one with a text of each member. each: s in which the engine makes a sentence."""
    queue = SpeechQueue(VoiceLimits(**limits), lambda sentences: sentences * each)
    for member in members:
        queue.add(item(member))
    return queue


async def test_a_full_queue_tells_when_its_first_text_will_be_over() -> None:
    queue = queue_of(1, 2, queue_per_guild=2)
    with pytest.raises(BusyError, match=r"2 texts are waiting already\. .* in about 10 s\."):
        queue.check_room(Rank.SAY, 3)


async def test_a_member_with_too_many_is_told_when_their_first_will_be_over() -> None:
    queue = queue_of(1, 2, 1, queue_per_member=1)
    with pytest.raises(BusyError, match=r"1 text of yours is waiting already\. .* about 20 s\."):
        queue.check_room(Rank.SAY, 2)


async def test_an_engine_slower_than_speech_decides_about_the_wait() -> None:
    queue = queue_of(1, 2, each=20.0, queue_per_guild=2)
    with pytest.raises(BusyError, match="in about 40 s"):
        queue.check_room(Rank.SAY, 3)
    last = list(queue)[-1]
    assert queue.wait_before(last) == 60.0  # both sentences of the first, and its own first


async def test_an_engine_with_far_too_much_to_do_takes_nothing_on() -> None:
    with pytest.raises(BusyError, match=r"about 700 s at the earliest\. Try again later"):
        queue_of(each=700.0).check_room(Rank.SAY, 1)
    queue_of(each=500.0).check_room(Rank.SAY, 1)
