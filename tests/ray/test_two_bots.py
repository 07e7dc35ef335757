"""Two bots on one engine of a cluster: the servers share it, not the bots."""

from __future__ import annotations

import asyncio
import dataclasses
from functools import partial
from pathlib import Path

import pytest

from bot.speech.engine_client import EngineClient
from bot.speech.types import SynthesisResult
from tests.ray.asking import packets, speak, until
from tests.ray.conftest import OpenCluster
from tests.ray.engines import noted, open_noting
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)

AUDIO_SECONDS = 10.0
"""That each sentence is heard for, as far as the deadlines say."""


def text_of(
    client: EngineClient, server: int, sentences: int
) -> list[asyncio.Task[SynthesisResult]]:
    """Ask for a text as a bot does: each sentence is needed when those before it were heard."""
    return [
        asyncio.create_task(
            speak(
                client,
                dataclasses.replace(
                    sentence(f"{server} {number}"),
                    guild_id=server,
                    rank=number,
                    due_seconds=number * AUDIO_SECONDS,
                ),
            )
        )
        for number in range(sentences)
    ]


async def test_a_new_server_does_not_wait_for_another_bots_backlog(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    opener = partial(open_noting, notes, 0.1)
    async with open_cluster(opener, actors=1) as one, open_cluster(opener, actors=1) as other:
        backlog = text_of(one, 1, 60)
        await until(lambda: len(noted(notes, "begun")) >= 2)
        before = len(noted(notes, "begun"))
        (first,) = text_of(other, 2, 1)
        packets(await first)
        order = [note.text for note in noted(notes, "begun")]
        # Behind the one under way, and those that were begun while it travelled; not behind 58.
        assert order.index("2 0") - before < 15
        assert [packets(each)[1].decode() for each in await asyncio.gather(*backlog)] == [
            f"1 {number}" for number in range(60)
        ]


async def test_servers_share_an_engine_whichever_bot_asks(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    opener = partial(open_noting, notes, 0.1)
    async with open_cluster(opener, actors=1) as one, open_cluster(opener, actors=1) as other:
        texts = [task for server in (1, 2, 3) for task in text_of(one, server, 8)]
        texts += text_of(other, 4, 8)
        for result in await asyncio.gather(*texts):
            packets(result)
    order = [note.text for note in noted(notes, "begun")]
    others_before = [
        sum(not text.startswith("4 ") for text in order[: order.index(f"4 {number}")])
        for number in range(8)
    ]
    assert others_before[3] <= 18  # by turns 12; 24 if whoever asked first went first
    assert others_before[7] >= 16  # by turns 24; 8 if the bots took turns
