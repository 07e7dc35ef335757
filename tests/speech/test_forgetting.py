"""What an engine prepared of a clip is dropped when the clip's voice is deleted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.speech.engine_client import EngineClient
from bot.speech.engines.chatterbox.cache import ConditionalsCache
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.remembering_engine import open_remembering
from tests.speech.test_engine_client import arm, armed


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    yield worker
    await worker.close()


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[EngineClient]:
    client = EngineClient(worker, EngineSpec(), open_engine=open_remembering)
    yield client
    await client.close()


async def prepared(client: EngineClient, sha256: str) -> tuple[bytes, ...]:
    """Speak with a clip; return the clips that the engine holds then."""
    request = SynthesisRequest("hello", VoiceReference(Path("unused"), sha256))
    (result,) = await client.synthesize([request])
    assert isinstance(result, Speech)
    return result.packets


async def test_the_engine_drops_that_clip_and_no_other(client: EngineClient) -> None:
    await prepared(client, "a")
    assert await prepared(client, "b") == (b"a", b"b")
    await client.forget("a")
    assert await prepared(client, "c") == (b"b", b"c")


async def test_an_engine_that_is_not_loaded_has_nothing_to_drop(
    client: EngineClient, worker: Worker
) -> None:
    await client.forget("a")
    assert worker.pid is None


async def test_a_sentence_in_flight_comes_first(client: EngineClient, tmp_path: Path) -> None:
    arm(tmp_path / "left", 1)
    await prepared(client, "a")
    hanging = SynthesisRequest("hang", VoiceReference(tmp_path / "left", "b"))
    sentence = asyncio.create_task(client.synthesize([hanging]))
    while armed(tmp_path / "left"):
        await asyncio.sleep(0.01)
    forgetting = asyncio.create_task(client.forget("b"))
    await asyncio.sleep(0)
    assert not forgetting.done()
    worker = client._worker
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)  # it is tried again, in a child that knows nothing
    await asyncio.gather(sentence, forgetting)
    await client.forget("b")
    assert await prepared(client, "c") == (b"c",)


def test_a_cache_makes_anew_what_it_was_told_to_forget() -> None:
    cache: ConditionalsCache[str, bytes] = ConditionalsCache(10, len)
    for key in "ab":
        cache.get_or_make(key, lambda: b"1234")
    cache.forget("a")
    cache.forget("unknown")
    assert (len(cache), cache.bytes_used) == (1, 4)
    assert cache.get_or_make("b", bytes) == b"1234"
    assert cache.get_or_make("a", lambda: b"anew") == b"anew"
