"""What is done to speech after synthesis, in time for a second of speech that the engine made.

Speed by atempo, loudness with the limiter, Opus, and beside them the synthesis by Piper. Four
pitches of one sentence, each step as often as `ROUNDS`; the quickest counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from bot.speech.delivery import Delivery
from bot.speech.engines import piper
from bot.speech.filtering import loudness_lufs, stretched
from bot.speech.mastering import Samples, levelled
from bot.speech.opus import decode_opus, encode_opus, to_opus_rate
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, VoiceReference, VoiceSettings

SENTENCE = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep."
PITCHES_HZ = (80.0, 110.0, 160.0, 240.0)
ROUNDS = 5
SHARE_LIMIT = 0.1
"""Mastering at the usual speed and volume, of what synthesis takes."""
SPREAD_LIMIT_LU = 1.5

DELIVERIES = {
    "usual": Delivery(),
    "half_speed": Delivery(speed=0.5),
    "double_speed": Delivery(speed=2.0),
    "softest": Delivery(volume_db=-12.0),
    "loudest": Delivery(volume_db=6.0),
}


async def run() -> dict[str, Any]:
    """Return milliseconds for a second of speech by step, and how equal voices are in LU."""
    made, synthesis_ms = _voices()
    seconds = sum(len(samples) for samples in made) / 48_000
    master = {
        name: _ms(made, seconds, lambda samples, how=delivery: _mastered(samples, how))
        for name, delivery in DELIVERIES.items()
    }
    spread = {name: _spread_lu(made, delivery) for name, delivery in DELIVERIES.items()}
    share = master["usual"] / synthesis_ms
    return {
        "speech_seconds": round(seconds, 2),
        "synthesis_ms": round(synthesis_ms, 1),
        "opus_ms": round(_ms(made, seconds, encode_opus), 1),
        "mastering_ms": {name: round(spent, 1) for name, spent in master.items()},
        "spread_lu": {name: round(lu, 2) for name, lu in spread.items()},
        "goals": [
            {
                "name": "mastering at the usual speed and volume, of what synthesis takes",
                "measured": round(share, 3),
                "limit": SHARE_LIMIT,
                "met": share <= SHARE_LIMIT,
            },
            {
                "name": "loudness of four voices apart, LU",
                "measured": round(max(spread.values()), 2),
                "limit": SPREAD_LIMIT_LU,
                "met": max(spread.values()) <= SPREAD_LIMIT_LU,
            },
        ],
    }


def lines(result: dict[str, Any]) -> list[str]:
    """What people read."""
    told = [
        f"synthesis {result['synthesis_ms']} ms, Opus {result['opus_ms']} ms for a second of speech"
    ]
    for name, spent in result["mastering_ms"].items():
        spread = result["spread_lu"][name]
        told.append(f"{name:13} mastering {spent} ms, voices within {spread} LU")
    return told


def _voices() -> tuple[list[Samples], float]:
    """Return the engine's speech at 48 kHz, and the milliseconds it took for a second."""
    made: list[Samples] = []

    def keep(samples: Samples, rate: float, *_others: Any, **_more: Any) -> Speech:
        made.append(to_opus_rate(samples, rate))
        return Speech((), 0.0)

    engine = piper.PiperEngine(EngineSpec(kind="piper"), "measured")
    requests = [
        SynthesisRequest(SENTENCE, VoiceReference(Path(), "", hz), settings=VoiceSettings(seed=1))
        for hz in PITCHES_HZ
    ]
    engine.synthesize(requests[:1])
    with patch.object(piper, "to_speech", keep):
        start = time.perf_counter()
        engine.synthesize(requests)
        spent = time.perf_counter() - start
    return made, spent * 1000 / (sum(map(len, made)) / 48_000)


def _mastered(samples: Samples, delivery: Delivery) -> Samples:
    return levelled(stretched(samples, delivery.speed), delivery)


def _ms(made: list[Samples], seconds: float, step: Callable[[Samples], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for samples in made:
            step(samples)
        rounds.append(time.perf_counter() - start)
    return min(rounds) * 1000 / seconds


def _spread_lu(made: list[Samples], delivery: Delivery) -> float:
    heard = [decode_opus(encode_opus(_mastered(samples, delivery))) for samples in made]
    loudness = [loudness_lufs(samples) or -np.inf for samples in heard]
    return float(max(loudness) - min(loudness))
