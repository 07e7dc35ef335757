"""Whether a model fits into memory, said before it is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import memory
from bot.speech.engines.chatterbox.files import find_in
from bot.speech.engines.chatterbox.loading import locate
from bot.speech.engines.chatterbox.memory import main_bytes, require_memory
from bot.speech.engines.select import open_engine
from bot.speech.models import MODELS
from bot.speech.models.model import HOST_HEADROOM
from bot.speech.types import ChatterboxModel, EngineSpec

SIZES = {"t3": 2_000_000_000, "s3gen": 1_000_000_000}


def write_model(directory: Path, model: ChatterboxModel) -> dict[str, int]:
    """Files of the usual sizes that take no room; return those of the tensors."""
    paths = [directory / name for name in MODELS[model].files]
    for path in paths:
        path.touch()
        os.truncate(path, SIZES.get(path.name.split("_")[0].split(".")[0], 0))
    return find_in([directory], MODELS[model]).weights


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What seems to be free, by device."""
    free = {"cpu": 10**12, "cuda": 10**12}
    monkeypatch.setattr(memory, "free_bytes", lambda _torch, device: free[device])
    return free


@pytest.mark.parametrize(
    ("model", "passing", "bytes_of_weights"),
    [
        ("english", False, 3_000_000_000),
        ("english", True, 2_000_000_000),
        # What torch's own format holds is read whole, beside the module.
        ("multilingual", False, 4_000_000_000),
        ("multilingual", True, 3_000_000_000),
    ],
)
def test_the_peak_comes_from_the_files(
    model: ChatterboxModel, passing: bool, bytes_of_weights: int, tmp_path: Path
) -> None:
    weights = write_model(tmp_path, model)
    assert main_bytes(weights, passing=passing) == bytes_of_weights + HOST_HEADROOM


def test_too_little_memory_is_told_in_numbers(tmp_path: Path, free: dict[str, int]) -> None:
    weights = write_model(tmp_path, "english")
    require_memory(None, "cpu", "english", weights)
    free["cpu"] = 1_500_000_000
    told = r"english model needs about 3\.6 GB of memory, of which 1\.5 GB are available\. End"
    with pytest.raises(EngineDeadError, match=told):
        require_memory(None, "cpu", "english", weights)


def test_a_gpu_too_small_is_told_in_numbers(tmp_path: Path, free: dict[str, int]) -> None:
    weights = write_model(tmp_path, "english")
    free["cpu"] = 2_700_000_000  # enough for one part after the other
    require_memory(None, "cuda", "english", weights)
    free["cuda"] = 3_000_000_000
    told = r"3\.3 GB of the GPU's memory, of which 3\.0 GB are free\..*device to \"cpu\""
    with pytest.raises(EngineDeadError, match=told):
        require_memory(None, "cuda", "english", weights)


def test_the_engine_is_refused_before_anything_is_loaded(
    checkpoint: Callable[[ChatterboxModel], Path], free: dict[str, int]
) -> None:
    free["cpu"] = 100_000_000
    with pytest.raises(EngineDeadError, match=r"needs about 0\.9 GB of memory, of which 0\.1 GB"):
        open_engine(EngineSpec("chatterbox", "english", checkpoint("english"), "cpu"))


@pytest.mark.parametrize(
    ("model", "device", "told"),
    [
        ("nano", "cpu", r"nano model needs about 2\.5 GB of memory, of which 0\.1 GB"),
        ("multilingual", "cuda", r"multilingual model needs about 3\.8 GB of memory, of which 0"),
    ],
)
def test_what_does_not_fit_is_not_downloaded(
    model: ChatterboxModel,
    device: str,
    told: str,
    free: dict[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    free["cpu"] = 100_000_000
    with pytest.raises(EngineDeadError, match=told):
        locate(EngineSpec("chatterbox", model), device)
    assert not list(tmp_path.iterdir())


def test_a_small_gpu_is_told_before_a_download(
    free: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    free["cuda"] = 1_000_000_000
    with pytest.raises(EngineDeadError, match=r"3\.5 GB of the GPU's memory, of which 1\.0 GB"):
        locate(EngineSpec("chatterbox", "english"), "cuda")
