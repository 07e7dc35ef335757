"""Whether a model fits, found out before it is loaded: the system kills what takes too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.device import free_bytes
from bot.speech.engines.chatterbox.files import WEIGHTS
from bot.speech.models import Model
from bot.speech.models.model import CARD_HEADROOM, HOST_HEADROOM
from bot.speech.types import ChatterboxModel


def require_memory(
    torch: Any, device: str, model: ChatterboxModel, weights: Mapping[str, int]
) -> None:
    """Raise `EngineDeadError` with numbers and advice if a model does not fit.

    weights: the bytes of its files of tensors, by name.
    """
    on_gpu = device.startswith("cuda")
    if on_gpu:
        needed, free = device_bytes(weights), free_bytes(torch, device)
        if needed > free:
            raise EngineDeadError(
                f"The {model} model needs about {_gigabytes(needed)} of the GPU's memory, of which "
                f"{_gigabytes(free)} are free. End other programs that use the GPU, or set "
                '[engine] device to "cpu".'
            )
    needed, free = main_bytes(weights, passing=on_gpu), free_bytes(torch, "cpu")
    if needed > free:
        raise EngineDeadError(
            f"The {model} model needs about {_gigabytes(needed)} of memory, of which "
            f"{_gigabytes(free)} are available. End other programs, or give this machine or "
            "container more memory."
        )


def published_weights(model: Model) -> dict[str, int]:
    """Return the bytes of a model's files of tensors, by name, before they are fetched."""
    return {part.choices[0][0]: part.size for part in model.parts if part.role in WEIGHTS}


def device_bytes(weights: Mapping[str, int]) -> int:
    """Return what a GPU needs: the weights as they are in the files, before T3 is made smaller."""
    return sum(weights.values()) + CARD_HEADROOM


def main_bytes(weights: Mapping[str, int], *, passing: bool) -> int:
    """Return what loading takes of main memory at its peak.

    passing: whether each part goes on to a GPU before the next one is made. Files in torch's format
    are read whole beside their module; safetensors are mapped, and give way.
    """
    copies = [size for name, size in weights.items() if name.endswith(".pt")]
    modules = max(weights.values()) if passing else sum(weights.values())
    return modules + max(copies, default=0) + HOST_HEADROOM


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
