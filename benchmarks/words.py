"""Whether the four words of a consent are heard: in each series 40 recordings right, 40 wrong.

One stock voice speaks them, moved to other pitches and formants, at other paces, with noise and
through Opus: no other speakers and no accents. What is wrong: one word missing (each of the four),
another order, other words, silence, noise and speech without the words. Each right recording is
also compared with a challenge of the same words in another order.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import permutations
from multiprocessing import get_context
from typing import Any

import numpy as np

from bot.consent.challenge import WORDS, Challenge
from bot.consent.recognition import WordCheck, check_words
from tests.consent.spoken import RATE, Manner, Samples, any_manner, consent, recorded, silence

EACH = 40
SEEDS = (12, 13)
"""Of series that had no part in choosing the words, the recogniser's rules and its thresholds; 1
and 4 to 11 had, or were measured before the last change of them."""

MOST_REFUSED = 2
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def run() -> dict[str, Any]:
    """Measure and return the figures.

    Each series has a process of its own: what Piper says depends on what it said before.
    """
    fresh = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=fresh, max_tasks_per_child=1) as pool:
        measured = dict(zip(SEEDS, pool.map(series, SEEDS), strict=True))
    return {
        "series": [{"seed": seed, **figures} for seed, figures in measured.items()],
        "goals": [goal for seed, figures in measured.items() for goal in goals(seed, figures)],
    }


def series(seed: int) -> dict[str, Any]:
    """Make the recordings of one seed and have them checked."""
    random_ = random.Random(seed)
    right, others, seconds = [], [], 0.0
    for number in range(EACH):
        words = random_.sample(WORDS, 4)
        samples = consent(words, any_manner(random_), number)
        start = time.process_time()
        right.append(check(samples, words))
        seconds += (time.process_time() - start) / (len(samples) / RATE)
        others.append(check(samples, random_.choice(orders(words))).outcome)
    wrong = [(kind, check(samples, words)) for kind, words, samples in wrong_ones(random_)]
    return {
        "right": EACH, "refused": sum(checked.outcome != "passed" for checked in right),
        "wrong": len(wrong),
        "accepted": [kind for kind, checked in wrong if checked.outcome == "passed"],
        "matched": [checked.matched for checked in right],
        "other_orders": len(others), "other_orders_accepted": others.count("passed"),
        "processor_seconds_per_second": round(seconds / EACH, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
    }  # fmt: skip


def goals(seed: int, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wanted of each series."""
    wanted = (
        ("recordings with the right words refused", figures["refused"], MOST_REFUSED),
        ("recordings with wrong words accepted", len(figures["accepted"]), 0),
        ("right recordings accepted for another order", figures["other_orders_accepted"], 0),
    )
    return [goal(f"seed {seed}: {name}", measured, limit) for name, measured, limit in wanted]


def lines(result: dict[str, Any]) -> list[str]:
    """The figures for a person."""
    return [
        f"seed {one['seed']}: "
        f"{one['refused']} of {one['right']} right refused; "
        f"{len(one['accepted'])} of {one['wrong']} wrong accepted {one['accepted']}; "
        f"{one['other_orders_accepted']} of {one['other_orders']} other orders accepted; "
        f"{one['processor_seconds_per_second']} s of processor a second of recording"
        for one in result["series"]
    ]


def goal(name: str, measured: float, limit: float) -> dict[str, Any]:
    """One line of what was wanted and what was measured."""
    return {"name": name, "measured": measured, "limit": limit, "met": measured <= limit}


def check(samples: Samples, words: list[str]) -> WordCheck:
    """Ask as the media worker does."""
    return check_words(samples, RATE, Challenge(tuple(words), NOW), "en")


def orders(words: list[str]) -> list[list[str]]:
    """Return every other order of the words."""
    return [list(order) for order in permutations(words) if list(order) != words]


def wrong_ones(random_: random.Random) -> Iterator[tuple[str, list[str], Samples]]:
    """Yield what is wrong, the words asked for, and the recording."""
    for number in range(EACH):
        words = random_.sample(WORDS, 4)
        left = [word for word in WORDS if word not in words]
        manner, seed, turn = any_manner(random_), 1000 + number, number // 8
        match number % 8:
            case 0 | 1 | 2 | 3 as missing:
                said = words[:missing] + words[missing + 1 :]
                yield f"word {missing + 1} missing", words, consent(said, manner, seed)
            case 4:
                yield "another order", words, consent(random_.choice(orders(words)), manner, seed)
            case 5:
                swapped = [words[0], words[1], words[3], words[2]]
                yield "two changed places", words, consent(swapped, manner, seed)
            case 6:
                said = random_.sample(left, 4) if turn % 2 else words[:2] + random_.sample(left, 2)
                yield "other words", words, consent(said, manner, seed)
            case _:
                yield "no words", words, without_words(turn, manner, seed)


def without_words(turn: int, manner: Manner, seed: int) -> Samples:
    """Return silence, noise, or speech that has none of the words."""
    if turn == 0:
        return silence(12.0)
    if turn == 1:
        return np.random.default_rng(seed).normal(0, 0.1, 12 * RATE).astype(np.float32)
    if turn == 2:
        hum = np.sin(2 * np.pi * 110 * np.arange(12 * RATE) / RATE).astype(np.float32)
        return recorded(hum, manner, seed)
    return consent((), manner, seed)
