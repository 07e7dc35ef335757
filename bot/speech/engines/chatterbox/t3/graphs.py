"""Running the decoding step: captured in CUDA graphs on a GPU, as it is elsewhere.

A step at full size starts about a thousand kernels of microseconds each; a graph starts them with
one call. It replays the same kernels on the same memory, so shapes are fixed: a step computes all
slots, and the length of the cache that it looks at is rounded up. That the shape never depends on
how many texts are decoded also keeps a text's rounding errors the same in any company.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.t3.backbone import Tensor

log = logging.getLogger(__name__)

Forward = Callable[[Tensor, Tensor, Tensor, int, bool], None]

LENGTH_STEP = 256
"""Graphs look at the cache in multiples of so many positions."""

_Shape = tuple[int, int, bool]


def fix_kernels() -> None:
    """Have GPUs take the same kernels for a sentence in any company, in all of the process: torch's
    switches belong to no thread.

    torch's own choice of an attention kernel depends on shapes. The one that is left goes through
    the keys block by block, so that masked ones behind the others change nothing, however many
    there are. Some of cuDNN's convolutions add up in the order in which their threads happen to
    end; HiFT's transposed ones are among them.
    """
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.backends.cudnn.deterministic = True


def whole_lengths(positions: int) -> int:
    """Return the least multiple of `LENGTH_STEP` that holds so many positions."""
    return -(-positions // LENGTH_STEP) * LENGTH_STEP


class StepRunner:
    """Runs `forward` with static inputs.

    Where each text is, the device counts by itself: the host sends it only when texts begin or end.

    rounded: whether to fix shapes as graphs need it; by default where the device is a GPU.
    one_length: which all steps look at; None where it is as much as they need.
    """

    def __init__(
        self,
        forward: Forward,
        slots: int,
        device: Any,
        *,
        rounded: bool | None = None,
        one_length: int | None = None,
    ) -> None:
        self._forward = forward
        self._one_length = one_length
        self._slots = slots
        self._rounded = device.type == "cuda" if rounded is None else rounded
        # Tokens, positions and steps, and by how much the last two grow: 1 for texts, else 0.
        self._inputs = torch.zeros(4, slots, dtype=torch.long, device=device)
        self._counted: list[list[int]] | None = None
        self._graphs: dict[_Shape, Any] = {}

    def __call__(
        self, tokens: Tensor, positions: Sequence[int], steps: Sequence[int], *, sort: bool
    ) -> None:
        """Run a step for the first `len(positions)` slots.

        positions: 0 for slots that are free; what such a step writes goes there.
        """
        count = len(positions)
        self._inputs[0, :count] = tokens
        place = self._place(positions, steps)
        shape = self._shape(count, max(positions) + 1, sort)
        if shape in self._graphs:
            self._graphs[shape].replay()
        else:
            self._run(shape)
        self._counted = place

    def _place(self, positions: Sequence[int], steps: Sequence[int]) -> list[list[int]]:
        """Send the device what it has not counted by itself; return what it will have counted."""
        free = [0] * (self._slots - len(positions))
        grows = [int(position > 0) for position in positions]
        place = [[*positions, *free], [*steps, *free], [*grows, *free]]
        if place != self._counted:
            self._inputs[1:] = torch.tensor(place).to(self._inputs.device, non_blocking=True)
        self._counted = None  # should the step fail
        positions, steps, grows = place
        return [
            [position + more for position, more in zip(positions, grows, strict=True)],
            [step + more for step, more in zip(steps, grows, strict=True)],
            grows,
        ]

    def capture(self, context: int, *, sort: bool) -> None:
        """Capture every step there can be, up to `context` positions, before anything runs.

        Not when it is needed: a capture takes tenths of a second, and while it lasts no other
        thread may draw random numbers on the GPU. Where it fails, steps run as they are.

        Raises `EngineDeadError` where the GPU cannot be used after that.
        """
        # What the largest needs, all can share.
        lengths = range(context, 0, -LENGTH_STEP)
        shapes = dict.fromkeys(self._shape(self._slots, length, sort) for length in lengths)
        capturing = Capturing("decoding", priority=HIGH_PRIORITY)
        with capturing:
            self._graphs = {shape: self._captured(shape, capturing) for shape in shapes}

    def _shape(self, count: int, length: int, sort: bool) -> _Shape:
        if not self._rounded:
            return count, length, sort
        return self._slots, self._one_length or whole_lengths(length), sort

    def _run(self, shape: _Shape) -> None:
        slots, length, sort = shape
        tokens, positions, steps, _ = self._inputs[:, :slots]
        self._forward(tokens, positions, steps, length, sort)
        self._inputs[1:3] += self._inputs[3]

    def _captured(self, shape: _Shape, capturing: Capturing) -> Any:
        return capturing.graph_of(functools.partial(self._run, shape))


HIGH_PRIORITY = -1
"""Of a stream of CUDA. Graphs keep the priority of the stream that they were captured on."""


class Capturing:
    """What a stage captures, all of it on one stream and with memory of one pool.

    Each stream on which cuBLAS computes keeps a workspace of up to 32 MiB; graphs that are replayed
    one after another can share it. Those of another stage, which are replayed meanwhile, must not.

    As a context it ends what failed half-way: the stage then goes on without. Leaving it raises
    `EngineDeadError` where the GPU cannot be used after that.

    priority: of the stream, see `HIGH_PRIORITY`.
    """

    def __init__(self, stage: str, *, priority: int = 0) -> None:
        self._stage = stage
        self._before = torch.cuda.current_stream()
        self._stream = torch.cuda.Stream(priority=priority)
        self._pool = torch.cuda.graph_pool_handle()

    def __enter__(self) -> Capturing:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, RuntimeError):
            return False
        log.warning(
            "%s without CUDA graphs, which is slower (%s); if sentences fail after this, set "
            "[engine] graphs = false",
            self._stage,
            error,
        )
        _clean_up(self._before, self._pool)
        return True

    def graph_of(self, run: Callable[[], object]) -> Any:
        """Return what `run` does on the GPU as a CUDA graph."""
        # Libraries set themselves up in the first calls, which a graph must not hold.
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for _ in range(2):
                run()
        torch.cuda.current_stream().wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            run()
        return graph


def _clean_up(stream: Any, pool: Any) -> None:
    """Undo what a capture that failed half-way leaves behind in torch: its stream as the current
    one, its pool as the one that is allocated from and, up to torch 2.6, a default generator that
    believes in a capture."""
    try:
        torch.cuda.set_stream(stream)
        _release(pool, stream.device_index)
        generator = torch.cuda.default_generators[stream.device_index]
        generator.graphsafe_set_state(generator.clone_state())
    except RuntimeError as error:
        raise EngineDeadError(
            f"Speech could not be captured in CUDA graphs ({error}). Set [engine] graphs = false."
        ) from None


_END_ALLOCATING = ("_cuda_endAllocateToPool", "_cuda_endAllocateCurrentStreamToPool")
"""The name since torch 2.8, and the one before."""


def _release(pool: Any, device: int) -> None:
    """Let go of the pool of a capture that failed; until then no memory can be given back.

    torch does it where a capture ends, but not where it fails to end.
    """
    names = [name for name in _END_ALLOCATING if hasattr(torch._C, name)]
    try:
        getattr(torch._C, names[0])(device, pool)
    except (IndexError, RuntimeError):
        return  # nothing is allocated from it: the failure came before, or torch has ended it
    torch._C._cuda_releasePool(device, pool)
