"""The recordings that an actor is sent: few at a time, and again where it needs them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.pool.ray_actor import Hello
from bot.speech.types import SynthesisRequest
from tests.ray.asking import packets, speak, voice
from tests.ray.conftest import OpenCluster
from tests.ray.engines import open_cloning

pytestmark = pytest.mark.timeout(300)

CLIP_BYTES = 1 << 20
VOICES = 12


def clips_in_actor(name: str) -> int:
    """Return how many clips an actor holds; in the engine worker, which has joined the cluster."""
    import ray

    hello = Hello.unpacked(ray.get(ray.get_actor(name).hello.remote(), timeout=60))
    return hello.clips


async def test_what_an_engine_has_of_a_bot_that_is_gone_is_forgotten_before_the_next_one_speaks(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    deleted, kept = (voice(tmp_path, seed, seconds=2.0) for seed in (1, 2))
    async with open_cluster(open_cloning, actors=1) as client:
        packets(await speak(client, SynthesisRequest("Hi.", deleted)))
    # Deleted meanwhile, when nobody is there to tell the engine, which outlives the bot.
    async with open_cluster(open_cloning, actors=1) as client:
        # It names all that it has something of.
        spoken = packets(await speak(client, SynthesisRequest("Hi.", kept)))
        assert spoken == (kept.clip_sha256.encode(),)


async def test_an_actor_keeps_few_clips_and_is_sent_again_what_it_dropped(
    open_cluster: OpenCluster, tmp_path: Path
) -> None:
    voices = [voice(tmp_path, seed, seconds=2.0) for seed in range(VOICES)]
    size = voices[0].clip_path.stat().st_size
    assert 3 * size < CLIP_BYTES < VOICES * size
    async with open_cluster(open_cloning, actors=1, clip_bytes=CLIP_BYTES) as client:
        for each in voices:
            packets(await speak(client, SynthesisRequest("Hi.", each)))
        held = await client.worker.run(clips_in_actor, "mynah-engine-0")
        assert 3 <= held <= CLIP_BYTES // size + 1
        # The engine fails where it gets a sentence without the recording.
        packets(await speak(client, SynthesisRequest("Hi.", voices[0])))
        assert await client.worker.run(clips_in_actor, "mynah-engine-0") <= CLIP_BYTES // size + 1
