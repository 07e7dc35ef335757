"""The least time a token can take: what it must read of the memory, at the speed of the memory.

A step computes little with each weight, so that however quick a device computes, it waits for its
memory. Only a batch gets more tokens out of what is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

COPIED_BYTES = 2**30
"""Much more than any cache holds."""

_ROUNDS, _TIMES = 5, 4

# Of an embedding, a token takes one row.
_LOOKED_UP = ("embed_tokens.", "wte.", "wpe.")


def distance(bytes_per_token: int, bytes_per_second: float, seconds: float) -> dict[str, float]:
    """Return the floor and how far a token that takes `seconds` is from it."""
    least = bytes_per_token / bytes_per_second
    return {
        "bytes_per_token": bytes_per_token,
        "bytes_per_second": round(bytes_per_second),
        "floor_ms": round(1000 * least, 4),
        "measured_ms": round(1000 * seconds, 4),
        "times_the_floor": round(seconds / least, 2),
    }


def bytes_per_token(t3: Any, positions: float) -> int:
    """Return what one token of one text reads: the transformer, the output layer, and the keys and
    values of `positions` before it, twice with classifier-free guidance."""
    weights = [*t3.speech_head.parameters(), *laid_out_layers(t3)]
    weights += [w for name, w in t3.tfmr.named_parameters() if not name.startswith(_LOOKED_UP)]
    rows = 1 if t3.is_gpt else 2
    cached = cache_bytes(
        t3.cfg.num_hidden_layers, rows, positions, t3.cfg.hidden_size, weights[0].element_size()
    )
    return sum(weight.nbytes for weight in weights) + cached


def laid_out_layers(t3: Any) -> list[Any]:
    """Return what holds the weights in a layout of its own, of which the module has let go."""
    weights = getattr(t3, "mynah_weights", None)
    if weights is None or weights.layout == "plain":
        return []
    return [product for layer in weights.layers for product in layer.products]


def cache_bytes(layers: int, rows: int, positions: float, width: int, number_bytes: int) -> int:
    """Return the bytes of the keys and values of `positions` in each of `rows` sequences."""
    return round(2 * layers * rows * positions * width * number_bytes)


def measure_bandwidth(device: str) -> float:
    """Return the bytes a second that the device's memory gives, the best of several ways and tries.

    By large sums, which read, and large copies, which read and write.
    """
    import torch

    source = torch.ones(COPIED_BYTES // 4, device=device)
    target = torch.empty_like(source)
    ways: list[tuple[int, Callable[[], object]]] = [
        (source.nbytes, source.sum),
        (source.nbytes + target.nbytes, lambda: target.copy_(source)),
    ]
    return max(_rate(count, way, device) for _ in range(_ROUNDS) for count, way in ways)


def synchronise(device: str) -> None:
    """Wait for what a GPU was asked to do."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _rate(count: int, way: Callable[[], object], device: str) -> float:
    synchronise(device)
    start = time.perf_counter()
    for _ in range(_TIMES):
        way()
    synchronise(device)
    return _TIMES * count / (time.perf_counter() - start)
