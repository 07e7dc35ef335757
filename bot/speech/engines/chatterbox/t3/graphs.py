"""Running the decoding step: captured in CUDA graphs on a GPU, as it is elsewhere.

A step at full size starts about a thousand kernels of microseconds each; a graph starts them with
one call. It replays the same kernels on the same memory, so shapes are fixed: the number of slots
and the length of the cache are rounded up, and there is one graph for each pair that was needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor

Forward = Callable[[Tensor, Tensor, Tensor, int, bool], None]

LENGTH_STEP = 256
"""Graphs look at the cache in multiples of so many positions."""

MAX_GRAPHS = 64
"""Beyond, graphs are captured anew: the oldest is dropped."""

_Shape = tuple[int, int, bool]


class StepRunner:
    """Runs `forward` with static inputs.

    graphed: whether to round shapes as graphs need it; by default where the device is a GPU.
    """

    def __init__(
        self, forward: Forward, slots: int, device: Any, *, graphed: bool | None = None
    ) -> None:
        self._forward = forward
        self._slots = slots
        self._rounded = device.type == "cuda" if graphed is None else graphed
        self._captures = device.type == "cuda" and self._rounded
        self._inputs = torch.zeros(3, slots, dtype=torch.long, device=device)
        self._graphs: dict[_Shape, Any] = {}
        self._pool: Any = None

    def __call__(
        self, tokens: Tensor, positions: Sequence[int], steps: Sequence[int], *, sort: bool
    ) -> None:
        """Run a step for the first `len(positions)` slots."""
        count = len(positions)
        self._inputs[0, :count] = tokens
        self._inputs[1:, :count] = torch.tensor([positions, steps]).to(self._inputs.device)
        # What rounding adds writes to position 0 of slots that are free.
        self._inputs[:, count:] = 0
        self._run(self._shape(count, max(positions) + 1, sort))

    def _shape(self, count: int, length: int, sort: bool) -> _Shape:
        if not self._rounded:
            return count, length, sort
        slots = min(1 << (count - 1).bit_length(), self._slots)
        return slots, -(-length // LENGTH_STEP) * LENGTH_STEP, sort

    def _run(self, shape: _Shape) -> None:
        if not self._captures:
            self._go(shape)
            return
        if shape not in self._graphs:
            if len(self._graphs) >= MAX_GRAPHS:
                del self._graphs[next(iter(self._graphs))]
            self._graphs[shape] = self._capture(shape)
        self._graphs[shape].replay()

    def _go(self, shape: _Shape) -> None:
        slots, length, sort = shape
        tokens, positions, steps = self._inputs[:, :slots]
        self._forward(tokens, positions, steps, length, sort)

    def _capture(self, shape: _Shape) -> Any:
        # Libraries set themselves up in the first calls, which a graph must not hold. A step may
        # be run again: it writes the same values to the same places.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self._go(shape)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Another thread may use the GPU meanwhile, which "global" would forbid.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            self._go(shape)
        self._pool = self._pool or graph.pool()
        return graph
