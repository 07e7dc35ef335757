"""In what numbers a CPU computes: by the settings, or by what it is quick in.

bfloat16 has 8 bits of precision. A processor with instructions for it (AVX512_BF16, AMX) multiplies
twice as fast in it and reads half of the memory; another is several times slower. So "auto" tries.

By `benchmarks.chatterbox.differences`, nano at full size with random weights draws the token of
float32 in 99.4 % of 1,000 steps in bfloat16, and in 96.1 % with 8 bits; S3Gen in bfloat16 is
0.04 dB away. So 8 bits are offered and never taken by "auto".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.products import Layout, PackedProduct, RowCounts, can_pack
from bot.speech.types import FlowPrecision, Precision

_GAINS_ENOUGH = 0.85  # of the time in float32
_ROUNDS = 6
_WEIGHTS_BYTES = 128 * 1024**2  # more than the caches of most processors hold
_FLOW_ROWS, _FLOW_WIDTH, _FLOW_INNER = 600, 256, 1024  # of 2 s of speech behind a prompt of 10 s


@dataclass(frozen=True, slots=True)
class Numbers:
    """How an engine computes on a CPU.

    dtype: T3's. layout: of T3's weights; None takes what is quickest in that type. flow: S3Gen's
    products.
    told: for people.
    """

    dtype: Any
    layout: Layout | None
    flow: FlowPrecision
    told: str


def choose_numbers(precision: Precision, flow: FlowPrecision, rows: Sequence[int]) -> Numbers:
    """Return what to compute in; takes a second where it must be tried.

    rows: of T3's products, alone and with all slots taken. Raises `EngineDeadError` for what the
    processor cannot do.
    """
    told = []
    if precision == "auto":
        precision, reason = _auto([_step_gain(count) for count in rows] if has_bf16() else [])
        told.append(f"T3 in {precision} ({reason})")
    else:
        _require("precision", precision)
        told.append(f"T3 in {precision}")
    if flow == "auto":
        flow, reason = _auto([_flow_gain()] if has_bf16() else [])
        told.append(f"S3Gen in {flow} ({reason})")
    else:
        _require("flow_precision", flow)
        told.append(f"S3Gen in {flow}")
    dtype = torch.float16 if precision == "fp16" else torch.float32
    layout: Layout | None = precision if precision in ("bf16", "int8") else None
    return Numbers(dtype, layout, flow, ", ".join(told))


def has_bf16() -> bool:
    """Whether the products can be computed in bfloat16."""
    return can_pack(torch.zeros(1, dtype=torch.bfloat16))


def _auto(gains: Sequence[float]) -> tuple[Any, str]:
    """Decide by the time in bfloat16 as a part of that in float32, the worst of several cases."""
    if not gains:
        return "fp32", "no bf16 in this processor"
    worst = max(gains)
    chosen = "bf16" if worst <= _GAINS_ENOUGH else "fp32"
    return chosen, f"bf16 takes {worst:.2f} of the time here"


def _require(setting: str, precision: Precision | FlowPrecision) -> None:
    if precision == "int8" and _quantised_engine() == "none":
        raise EngineDeadError(
            "This torch cannot multiply in 8 bits. Set [engine] precision to fp32 or auto."
        )
    if precision == "bf16" and not has_bf16():
        raise EngineDeadError(
            f"This processor cannot compute in bf16. Set [engine] {setting} to fp32 or auto."
        )


def _quantised_engine() -> str:
    return str(torch.backends.quantized.engine)


def _step_gain(rows: int) -> float:
    """Return what a decoding step takes in bfloat16, as a part of that in float32."""
    width = 1024
    count = _WEIGHTS_BYTES // (4 * width * width)
    weights = [torch.full((width, width), 0.01) for _ in range(count)]
    x = torch.ones(rows, width)

    def ways(dtype: Any) -> Callable[[], object]:
        products = [PackedProduct(weight.to(dtype), None, RowCounts()) for weight in weights]
        return lambda: [product(x) for product in products]

    return _gain(ways(torch.bfloat16), ways(torch.float32))


def _flow_gain() -> float:
    weight = torch.full((_FLOW_INNER, _FLOW_WIDTH), 0.01)
    x = torch.ones(1, _FLOW_ROWS, _FLOW_WIDTH)
    packed = PackedProduct(weight.bfloat16(), None, RowCounts())
    return _gain(lambda: packed(x), lambda: F.linear(x, weight))


def _gain(quick: Callable[[], object], exact: Callable[[], object]) -> float:
    """Return the least time of the first as a part of that of the second, by turns."""
    with torch.inference_mode():
        times = [(_seconds(quick), _seconds(exact)) for _ in range(_ROUNDS)]
    return min(first for first, _ in times) / min(second for _, second in times)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
