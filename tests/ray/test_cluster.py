"""Engines of a real Ray cluster: who speaks, what is lost with one, what is forgotten."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from bot.errors import EngineDeadError, EngineError
from bot.speech.engine_client import EngineClient
from bot.speech.engines.select import open_engine
from bot.speech.types import SynthesisRequest
from tests.ray.asking import packets, speak, until_slots, voice
from tests.ray.conftest import NODE, OpenCluster
from tests.ray.engines import SENTENCE_SECONDS, open_cloning, open_fixed
from tests.speech.continuous_engine import open_continuous, sentence

pytestmark = pytest.mark.timeout(300)


async def test_two_engines_take_turns_and_a_text_is_spoken_once_each(
    open_cluster: OpenCluster,
) -> None:
    async with open_cluster(open_fixed, actors=2) as client:
        await until_slots(client, 2)
        texts = [f"text {number}" for number in range(12)]
        begun = time.monotonic()
        results = [packets(each) for each in await asyncio.gather(
            *(speak(client, sentence(text)) for text in texts))]  # fmt: skip
        seconds = time.monotonic() - begun
    assert [text.decode() for _, text in results] == texts
    assert len({process for process, _ in results}) == 2
    assert 12 * SENTENCE_SECONDS / seconds >= 1.7


async def test_the_embedded_engine_speaks_from_another_process(open_cluster: OpenCluster) -> None:
    async with open_cluster(open_engine, actors=1) as client:
        result = await speak(client, sentence("Hello there."))
        assert client.info is not None
        assert client.info.members is not None
        assert (client.info.kind, len(client.info.members)) == ("piper", 1)
    assert len(packets(result)) > 20


async def test_a_lost_engines_sentence_is_spoken_by_the_other(open_cluster: OpenCluster) -> None:
    async with open_cluster(open_fixed, actors=2) as client:
        await until_slots(client, 2)
        lost, *others = await asyncio.gather(
            speak(client, sentence("crash")), *(speak(client, sentence("on")) for _ in range(4))
        )
        assert isinstance(lost, EngineError)
        assert "more than once" in str(lost)
        assert [packets(other)[1] for other in others] == [b"on"] * 4
        await until_slots(client, 2)  # Ray began them anew


async def test_a_sentence_that_is_given_up_is_given_up_in_the_actor(
    open_cluster: OpenCluster,
) -> None:
    async with open_cluster(open_continuous, actors=1) as client:
        # A packet of its text is told of it; it would be under way for thousands of the others.
        long = asyncio.create_task(speak(client, sentence("x" * 60_000)))
        beside = [await _company(client) for _ in range(5)]
        long.cancel()
        after = [await _company(client) for _ in range(50)]
    assert (beside[-1], after[-1]) == (True, False)


async def _company(client: EngineClient) -> bool:
    """Whether the long sentence was under way when a short one ended."""
    return b"xx" in packets(await speak(client, sentence("short")))[0]


async def test_a_deleted_voice_is_forgotten_by_every_engine_before_the_answer(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    async with open_cluster(open_cloning, actors=2) as client:
        await until_slots(client, 2)
        voices = [voice(tmp_path, seed) for seed in (1, 2)]
        for each in voices * 2:
            both = (speak(client, SynthesisRequest("Hi.", each)) for _ in range(2))
            await asyncio.gather(*both)
        await client.forget(voices[0].clip_sha256)
        later = [speak(client, SynthesisRequest("Hi.", voices[1])) for _ in range(2)]
        for result in await asyncio.gather(*later):
            assert packets(result) == (voices[1].clip_sha256.encode(),)


async def test_a_machine_that_leaves_takes_nothing_along_and_one_that_joins_is_noticed(
    open_cluster: OpenCluster, cluster: Cluster
) -> None:
    async with open_cluster(open_fixed, gpus=1) as client:
        await until_slots(client, 2)
        node = cluster.add_node(num_gpus=1, **NODE)
        await until_slots(client, 3)
        spoken = [asyncio.create_task(speak(client, sentence(f"{n}"))) for n in range(9)]
        await asyncio.wait(spoken, return_when=asyncio.FIRST_COMPLETED)
        cluster.remove_node(node)
        results = await asyncio.gather(*spoken)
        assert [packets(each)[1] for each in results] == [f"{n}".encode() for n in range(9)]
        await until_slots(client, 2)


async def test_a_cluster_that_is_away_is_an_engine_that_is_out_of_order(
    open_cluster: OpenCluster,
) -> None:
    with pytest.raises(EngineDeadError, match=r"reached at 127\.0\.0\.1:9 "):
        async with open_cluster(open_fixed, address="127.0.0.1:9"):
            pytest.fail("there is none")
