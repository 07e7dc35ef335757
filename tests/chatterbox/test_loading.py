"""Loading: the cache's bound, the worker, and what is said when something is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engine_client import EngineClient
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.device import (
    choose_precision,
    choose_slots,
    describe_precision,
    free_bytes,
)
from bot.speech.engines.chatterbox.voices import conditionals_bytes
from bot.speech.engines.select import choose, open_engine
from bot.speech.types import (
    ChatterboxModel,
    EngineSpec,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.chatterbox.conftest import spec
from tests.chatterbox.shrunk import open_shrunk

Checkpoints = Callable[[ChatterboxModel], Path]
Voices = tuple[VoiceReference, ...]


def english(checkpoint: Checkpoints, **changes: Any) -> EngineSpec:
    return spec("english", checkpoint("english"), **changes)


def test_auto_chooses_chatterbox_where_it_is_installed() -> None:
    assert choose(EngineSpec()) == ("chatterbox", "it is installed")


def test_the_cache_of_voices_is_bounded_by_bytes(checkpoint: Checkpoints, voices: Voices) -> None:
    roomy = ChatterboxEngine(english(checkpoint), "test")
    size = conditionals_bytes(roomy.voices.get(voices[0], {}))
    engine = ChatterboxEngine(english(checkpoint, cache_bytes=2 * size), "test")
    held = [engine.voices.get(voice, {}) for voice in voices]
    assert engine.voices.bytes_used == 2 * size
    assert engine.voices.get(voices[3], {}) is held[3]
    assert engine.voices.get(voices[0], {}) is not held[0]


async def test_in_its_worker_concurrent_requests_equal_sequential_ones(
    checkpoint: Checkpoints, voices: Voices
) -> None:
    worker = Worker("engine worker", WorkerLimits(call_seconds=300), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, english(checkpoint, slots=4), open_engine=open_shrunk)
    requests = [
        SynthesisRequest(text, voice, settings=VoiceSettings(seed=1))
        for text, voice in zip(("Hello.", "How are you all?"), voices, strict=False)
    ]
    try:
        info = await client.start()
        sequential = [(await client.synthesize([request]))[0] for request in requests]
        together = await asyncio.gather(*(client.synthesize([request]) for request in requests))
    finally:
        await client.close()
    assert (info.clones, info.slots) == (True, 4)
    assert [speech.packets for (speech,) in together] == [s.packets for s in sequential]


def test_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "ve.safetensors").touch()
    with pytest.raises(EngineDeadError, match=r"it has no t3_cfg\.safetensors, s3gen\.safe"):
        open_engine(EngineSpec("chatterbox", "english", tmp_path, "cpu"))


def test_a_damaged_file_is_an_error_with_advice(tmp_path: Path, checkpoint: Checkpoints) -> None:
    for file in checkpoint("english").iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "t3_cfg.safetensors").unlink()
    (tmp_path / "t3_cfg.safetensors").write_bytes(b"no tensors in here")
    with pytest.raises(EngineDeadError, match=r"could not be loaded from .*Check the files"):
        open_engine(EngineSpec("chatterbox", "english", tmp_path, "cpu"))


def test_a_device_that_is_not_there_is_named(checkpoint: Checkpoints) -> None:
    import torch

    wanted = "mps" if torch.cuda.is_available() else "cuda"
    other = EngineSpec("chatterbox", "english", checkpoint("english"), wanted)
    with pytest.raises(EngineDeadError, match=f"no device '{wanted}'.*auto"):
        open_engine(other)


def test_a_shorter_prompt_is_a_setting(checkpoint: Checkpoints, voices: Voices) -> None:
    engine = ChatterboxEngine(english(checkpoint, prompt_seconds=2.0, slots=1), "test")
    prompt = engine.voices.get(voices[0], {}).gen
    assert prompt["prompt_token"].shape == (1, 50)
    assert prompt["prompt_feat"].shape == (1, 100, 80)
    assert prompt["prompt_token_len"].tolist() == [50]
    (speech,) = engine.synthesize(
        [SynthesisRequest("Hello there.", voices[0], settings=VoiceSettings(seed=4))]
    )
    assert isinstance(speech, Speech)


def test_slots_come_from_the_free_memory() -> None:
    import torch

    free = free_bytes(torch, "cpu")
    assert choose_slots(torch, "cpu", free) == 1
    assert choose_slots(torch, "cpu", free // 5) == 2
    assert choose_slots(torch, "cpu", 1) == 4


def test_a_processor_computes_in_float32_unless_told_otherwise() -> None:
    import torch

    assert choose_precision(torch, "cpu", "auto") is torch.float32
    assert choose_precision(torch, "cpu", "bf16") is torch.bfloat16


@pytest.mark.parametrize(("capability", "chosen"), [((9, 0), "bfloat16"), ((7, 5), "float16")])
def test_a_gpu_is_used_in_the_half_precision_that_it_has(
    capability: tuple[int, int], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert choose_precision(torch, "cuda:1", "auto") is getattr(torch, chosen)
    assert choose_precision(torch, "cuda:1", "fp32") is torch.float32


def test_free_on_a_gpu_is_also_what_torch_keeps_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5000, 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 1000)
    assert free_bytes(torch, "cuda") == 7000
    assert choose_slots(torch, "cuda", 1000) == 3


@pytest.mark.parametrize(
    ("dtype", "name"), [("float32", "fp32"), ("bfloat16", "bf16"), ("float16", "fp16")]
)
def test_people_are_told_what_a_gpu_computes_in(dtype: str, name: str) -> None:
    import torch

    assert describe_precision(getattr(torch, dtype)) == f"T3 in {name}, S3Gen in fp32"
