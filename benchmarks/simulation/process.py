"""What a decision of the scheduler costs on this machine."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from benchmarks.doubles import sorting_turns
from bot.speech.turn_order import Decision, decide
from bot.speech.turns import Turn
from bot.speech.types import SynthesisRequest, VoiceReference
from bot.voice.limits import VoiceLimits
from bot.voice.queue import SpeechQueue
from bot.voice.utterances import Item, SayRequest

WAITING = (64, 256, 1_000, 10_000)
SLOTS = 128
"""Of 16 cards with 8 slots."""

ROUNDS = 5

_REQUEST = SynthesisRequest("A sentence.", VoiceReference(Path("clip"), "0" * 64))

Decide = Callable[..., Decision[Turn]]


def decisions(waiting: Sequence[int] = WAITING) -> dict[str, Any]:
    """Return the milliseconds of a decision before and now, with so many guilds that wait.

    "all slots taken": somebody asks, and nothing can begin. "a slot is free": a sentence has ended.
    Deadlines are asked of real queues. Needs a running event loop.
    """
    return {str(number): _decision(number) for number in waiting}


def _decision(waiting: int) -> dict[str, Any]:
    turns = [_turn(number, going=number < SLOTS) for number in range(SLOTS + waiting)]
    taken = _compared(turns)
    turns[0].task = None
    turns[0].result.cancel()
    return {"all slots taken": taken, "a slot is free": _compared(turns)}


def _compared(turns: Sequence[Turn]) -> dict[str, float]:
    before, now = partial(_seconds, sorting_turns.decide, turns), partial(_seconds, decide, turns)
    pairs = [(before(), now()) for _ in range(ROUNDS)]
    return {
        "before_ms": round(1e3 * statistics.median(b for b, _ in pairs), 4),
        "now_ms": round(1e3 * statistics.median(n for _, n in pairs), 4),
    }


def _seconds(decide: Decide, turns: Sequence[Turn]) -> float:
    start = time.process_time_ns()
    decide(turns, SLOTS, company_slows=False)
    return (time.process_time_ns() - start) / 1e9


def _turn(number: int, *, going: bool) -> Turn:
    queue, loop = SpeechQueue(VoiceLimits()), asyncio.get_running_loop()
    request = SayRequest(1, 1, "Ada", "A sentence.", 1, cast(Any, None))
    item = Item(request, lambda item, event: None)
    queue.add(item)
    turn = Turn(_REQUEST, number, lambda: loop.time() + queue.before(item), number)
    turn.task = cast(Any, object()) if going else None
    return turn
