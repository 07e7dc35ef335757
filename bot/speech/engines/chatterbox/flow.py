"""The estimator of S3Gen's flow, which every sentence asks two or ten times.

A call issues over a thousand kernels from Python, which take a GPU a tenth of the time that it
waits for them. So it is captured, for lengths in steps: its convolutions look back only, and what
is added behind a sentence is masked in its attention, so nothing of that reaches the sentence.

Where the sentences are of one length, stock's masks are true everywhere. They are left out then,
which changes not one bit and spares a host synchronisation and a slower attention in every block.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor
from bot.speech.engines.chatterbox.t3.graphs import captured, go_on_without

FRAMES_STEP = 128
"""Graphs are made for multiples of so many frames (20 ms each), prompt and speech together."""

MOST_FRAMES = 1536
"""Of the longest graph: a prompt of 10 s and 20 s of speech. Longer ones run as they are."""

Forward = Callable[..., Tensor]


def speed_up(flow: Any, *, meanflow: bool, graphs: bool) -> None:
    """Have a stock S3Gen's flow compute without masks, and its estimator as graphs where asked.

    From then on it takes batches of equal lengths only.
    """
    encoder, estimator = flow.encoder, flow.decoder.estimator
    unmasked = _rewired(type(encoder).forward, add_optional_chunk_mask=_no_mask)
    encoder.forward = functools.partial(unmasked, encoder)
    stock = type(estimator).forward
    unmasked = _rewired(stock, add_optional_chunk_mask=_same, mask_to_bias=_nothing)
    estimator.forward = functools.partial(unmasked, estimator)
    if graphs:
        masked = _rewired(stock, add_optional_chunk_mask=_same)
        runner = GraphedEstimator(functools.partial(masked, estimator), estimator.forward)
        parameter = next(estimator.parameters())
        runner.capture(rows=1 if meanflow else 2, meanflow=meanflow, like=parameter)
        estimator.forward = runner


class GraphedEstimator:
    """An estimator as graphs for some lengths.

    masked: the estimator that looks at its mask; it is captured. plain: what longer sentences and
    larger batches are left to.
    """

    def __init__(self, masked: Forward, plain: Forward) -> None:
        self._masked, self._plain = masked, plain
        self._graphs: dict[tuple[int, int], _Graph] = {}

    def __call__(
        self,
        x: Tensor,
        mask: Tensor,
        mu: Tensor,
        t: Tensor,
        spks: Tensor,
        cond: Tensor,
        r: Tensor | None = None,
    ) -> Tensor:
        """Return what stock's estimator returns; it holds until the next call."""
        rows, _, frames = x.shape
        inputs = {"x": x, "mask": mask, "mu": mu, "t": t, "spks": spks, "cond": cond, "r": r}
        graph = self._graphs.get((rows, _whole(frames)))
        return graph.run(inputs, frames) if graph is not None else self._plain(**inputs)

    def capture(self, *, rows: int, meanflow: bool, like: Tensor) -> None:
        """Capture calls with so many rows, before anything runs; see `StepRunner.capture`."""
        stream = torch.cuda.current_stream()
        try:
            with torch.inference_mode():
                pool = torch.cuda.graph_pool_handle()
                for frames in range(MOST_FRAMES, 0, -FRAMES_STEP):
                    inputs = _inputs(rows, frames, meanflow=meanflow, like=like)
                    self._graphs[rows, frames] = _Graph(self._masked, inputs, pool)
            torch.cuda.synchronize()  # another stream replays them
        except RuntimeError as error:
            self._graphs.clear()
            go_on_without(error, stream, "the flow")


class _Graph:
    def __init__(self, forward: Forward, inputs: dict[str, Any], pool: Any) -> None:
        self._inputs = inputs
        self._output: Tensor = None

        def call() -> None:
            self._output = forward(**inputs)

        self._graph = captured(call, pool)

    def run(self, inputs: dict[str, Any], frames: int) -> Tensor:
        for name, kept in self._inputs.items():
            if name in _LONG:
                kept[..., :frames] = inputs[name]
                kept[..., frames:] = 0
            elif kept is not None:
                kept.copy_(inputs[name])
        self._graph.replay()
        return self._output[..., :frames]


_LONG = {"x", "mask", "mu", "cond"}
_MELS = 80


def _inputs(rows: int, frames: int, *, meanflow: bool, like: Tensor) -> dict[str, Any]:
    shapes = {
        "x": (rows, _MELS, frames),
        "mask": (rows, 1, frames),
        "mu": (rows, _MELS, frames),
        "t": (rows,),
        "spks": (rows, _MELS),
        "cond": (rows, _MELS, frames),
    }
    options = {"device": like.device, "dtype": like.dtype}
    inputs = {name: torch.ones(shape, **options) for name, shape in shapes.items()}
    return {**inputs, "r": torch.ones(rows, **options) if meanflow else None}


def _whole(frames: int) -> int:
    return -(-frames // FRAMES_STEP) * FRAMES_STEP


def _rewired(function: Any, **names: Any) -> Any:
    """Return a copy of a function of another package that finds these under its global names."""
    return types.FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _same(_inputs: Tensor, masks: Tensor, *_chunks: Any) -> Tensor:
    # Stock divides attention in chunks where it streams, which it does not here. Then it asks the
    # GPU whether a row is masked everywhere, and waits for the answer.
    return masks


def _no_mask(inputs: Tensor, *_masks: Any) -> Tensor:
    return torch.ones((0, 0, 0), dtype=torch.bool, device=inputs.device)  # stock's word for none


def _nothing(_mask: Tensor, _dtype: Any) -> None:
    return None
