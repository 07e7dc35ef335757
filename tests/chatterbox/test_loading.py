"""Loading: the cache's bound, the worker, and what is said when something is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engine_client import EngineClient
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.voices import conditionals_bytes
from bot.speech.engines.select import choose, open_engine
from bot.speech.types import ChatterboxModel, EngineSpec, Speech, SynthesisRequest, VoiceReference
from bot.workers import Worker, WorkerLimits
from tests.chatterbox.checkpoints import shrink
from tests.chatterbox.conftest import spec

Checkpoints = Callable[[ChatterboxModel], Path]
Voices = tuple[VoiceReference, ...]


def open_shrunk(wanted: EngineSpec) -> ChatterboxEngine:
    """For the worker's child, where the sizes must be shrunk again."""
    shrink(wanted.model)
    return ChatterboxEngine(wanted, "the test asks for it")


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


async def test_it_speaks_in_its_worker(checkpoint: Checkpoints, voices: Voices) -> None:
    worker = Worker("engine worker", WorkerLimits(call_seconds=300))
    client = EngineClient(worker, english(checkpoint), open_engine=open_shrunk)
    try:
        info = await client.start()
        requests = [SynthesisRequest("Hello.", voice, seed=1) for voice in voices[:2]]
        results = await client.synthesize(requests)
    finally:
        await client.close()
    assert info.clones
    assert [type(result) for result in results] == [Speech, Speech]


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


def test_no_network_is_an_error_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EngineDeadError, match=r"from the model hub .*network connection"):
        open_engine(EngineSpec("chatterbox", "english", None, "cpu"))


def test_a_device_that_is_not_there_is_named(checkpoint: Checkpoints) -> None:
    import torch

    wanted = "mps" if torch.cuda.is_available() else "cuda"
    other = EngineSpec("chatterbox", "english", checkpoint("english"), wanted)
    with pytest.raises(EngineDeadError, match=f"no device '{wanted}'.*auto"):
        open_engine(other)
