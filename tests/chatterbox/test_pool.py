"""Two workers of Chatterbox on this machine's CPU."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.pool.cores import take_share
from bot.pool.pool import EnginePool
from bot.speech.engine_client import EngineClient
from bot.speech.types import (
    ChatterboxModel,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.chatterbox.conftest import UNCHECKED
from tools.random_engine import open_tiny

SENTENCES = ("Good evening, everyone.", "The last train waits for the ferry.", "Please sit down.")


def packets(result: SynthesisResult) -> tuple[bytes, ...]:
    assert isinstance(result, Speech), result
    return result.packets


async def test_two_workers_speak_alike_and_one_speaks_on_for_a_killed_one(
    checkpoint: Callable[[ChatterboxModel], Path], voices: tuple[VoiceReference, ...]
) -> None:
    spec = EngineSpec(
        "chatterbox",
        "nano",
        checkpoint("nano"),
        "cpu",
        precision="fp32",
        flow_precision="fp32",
        slots=2,
        self_check=UNCHECKED,
    )
    clients = [
        EngineClient(
            Worker(
                "engine worker",
                WorkerLimits(call_seconds=300),
                partial(take_share, number, 2),
                answers=ENGINE_ANSWERS,
                place=f"cpu {number}",
            ),
            spec,
            open_engine=open_tiny,
            name=f"cpu {number}",
        )
        for number in range(2)
    ]
    pool = EnginePool(clients, together=False)
    text = [
        SynthesisRequest(sentence, voices[0], settings=VoiceSettings(seed=seed))
        for seed, sentence in enumerate(SENTENCES)
    ]
    try:
        await asyncio.gather(*(client.start() for client in clients))
        alone = [[packets(made) for made in await client.synthesize(text)] for client in clients]
        assert alone[0] == alone[1]
        speaking = asyncio.create_task(pool.synthesize(text))
        while not clients[0]._exchange._limits and not speaking.done():
            await asyncio.sleep(0)
        assert clients[0].worker.pid is not None
        os.kill(clients[0].worker.pid, signal.SIGKILL)
        assert [packets(made) for made in await speaking] == alone[0]
        assert pool.condition().restarts == 1
    finally:
        await pool.close()
