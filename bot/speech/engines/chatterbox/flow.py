"""The estimator of S3Gen's flow, which every sentence asks two or ten times.

A call issues over a thousand kernels from Python, which take a GPU a tenth of the time that it
waits for them. So it is captured, for lengths in steps: its convolutions look back only, and what
is added behind a sentence is masked in its attention, so nothing of that reaches the sentence.

Where the sentences are of one length, stock's masks are true everywhere. They are left out then,
which changes not one bit and spares a host synchronisation and a slower attention in every block.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.speech.engines.chatterbox.t3.backbone import Tensor
from bot.speech.engines.chatterbox.t3.graphs import Capturing

log = logging.getLogger(__name__)

FRAMES_STEP = 64
"""Graphs are made for multiples of so many frames (20 ms each), prompt and speech together."""

MOST_FRAMES = 1536
"""Of the longest graph: a prompt of 10 s and 20 s of speech. Longer ones run as they are."""

Forward = Callable[..., Tensor]


def speed_up(
    flow: Any, *, meanflow: bool, graphs: bool, tf32: bool = False, batch: int = 1
) -> None:
    """Have a stock S3Gen's flow compute without masks, and its estimator as graphs where asked.

    batch: how many sentences graphs are made for, beside one.
    tf32: whether the graphs round the inputs of products to TF32, of 11 bits. It is a switch of the
    process, and other threads compute meanwhile; in a graph it is that of the capture.

    From then on it takes batches of unequal lengths by `infer_together` only.
    """
    encoder, estimator = flow.encoder, flow.decoder.estimator
    unmasked = _rewired(type(encoder).forward, add_optional_chunk_mask=_no_mask)
    encoder.forward = functools.partial(unmasked, encoder)
    stock = type(estimator).forward
    unmasked = _rewired(stock, add_optional_chunk_mask=_same, mask_to_bias=_nothing)
    masked = _rewired(stock, add_optional_chunk_mask=_same)
    runner = GraphedEstimator(
        functools.partial(masked, estimator), functools.partial(unmasked, estimator)
    )
    estimator.forward = runner
    if graphs:
        parameter = next(estimator.parameters())
        rows = 1 if meanflow else 2
        with _tf32_products(tf32):
            runner.capture(
                rows=sorted({rows * batch, rows}, reverse=True), meanflow=meanflow, like=parameter
            )
        if tf32:
            _tell_difference(
                runner, _inputs(rows, 3 * FRAMES_STEP, meanflow=meanflow, like=parameter)
            )
    elif tf32:
        log.warning("[engine] tf32 does nothing here: it takes a GPU, and graphs = true")


@contextlib.contextmanager
def _tf32_products(wanted: bool) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if wanted else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _tell_difference(runner: GraphedEstimator, inputs: dict[str, Any]) -> None:
    generator = torch.Generator(inputs["x"].device).manual_seed(0)
    for name in ("x", "mu", "cond", "spks"):
        inputs[name].normal_(generator=generator)
    with torch.inference_mode():
        exact, rounded = runner.plain(**inputs), runner(**inputs)
        difference = float((rounded - exact).norm() / exact.norm())
    log.info("the flow computes in TF32: a step differs by %.1e of its norm", difference)


class GraphedEstimator:
    """An estimator as graphs for some lengths.

    masked: the estimator that looks at its mask; it is captured. plain: what longer sentences and
    larger batches are left to where their lengths are equal.
    """

    lengths_differ = False
    """Whether masks say something just now."""

    def __init__(self, masked: Forward, plain: Forward) -> None:
        self._masked, self.plain = masked, plain
        self._graphs: dict[tuple[int, int], _Graph] = {}
        self._rows: tuple[int, ...] = ()

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
        for captured in sorted(more for more in self._rows if more >= rows):
            graph = self._graphs.get((captured, _whole(frames)))
            if graph is not None:
                return graph.run(inputs, rows, frames)
        return (self._masked if self.lengths_differ else self.plain)(**inputs)

    def capture(self, *, rows: Sequence[int], meanflow: bool, like: Tensor) -> None:
        """Capture calls with so many rows, the most first, before anything runs.

        See `StepRunner.capture`.
        """
        capturing = Capturing("the flow")
        made = {}
        with capturing, torch.inference_mode():
            lengths = range(MOST_FRAMES, 0, -FRAMES_STEP)
            for count, frames in itertools.product(rows, lengths):
                inputs = _inputs(count, frames, meanflow=meanflow, like=like)
                made[count, frames] = _Graph(self._masked, inputs, capturing)
            torch.cuda.synchronize()  # another stream replays them
            self._graphs, self._rows = made, tuple(rows)


class _Graph:
    def __init__(self, forward: Forward, inputs: dict[str, Any], capturing: Capturing) -> None:
        self._inputs = inputs
        self._output: Tensor = None

        def call() -> None:
            self._output = forward(**inputs)

        self._graph = capturing.graph_of(call)

    def run(self, inputs: dict[str, Any], rows: int, frames: int) -> Tensor:
        """What further rows hold from before does not reach these."""
        for name, kept in self._inputs.items():
            if name in _LONG:
                kept[:rows, ..., :frames] = inputs[name]
                kept[:rows, ..., frames:] = 0
            elif kept is not None:
                kept[:rows] = inputs[name]
        self._graph.replay()
        return self._output[:rows, ..., :frames]


_LONG = {"x", "mask", "mu", "cond"}
_MELS = 80


def infer_together(flow: Any, asked: Sequence[dict[str, Any]]) -> list[Tensor]:
    """Return what `flow.inference` returns for each, (1, mels, frames), all solved together.

    asked: its arguments for one sentence each. Its convolutions look back only and its attention is
    masked, so what is added behind the shorter ones does not reach them. The encoder looks ahead;
    it takes one sentence at a time.
    """
    encoded = [_encoded(flow, arguments) for arguments in asked]
    frames = [one["mu"].shape[2] for one in encoded]

    def together(name: str) -> Tensor:
        return torch.cat(
            [F.pad(one[name], (0, max(frames) - one["mu"].shape[2])) for one in encoded]
        )

    estimator = flow.decoder.estimator.forward
    estimator.lengths_differ = len(set(frames)) > 1
    try:
        mels, _ = flow.decoder(
            **{name: together(name) for name in ("mu", "mask", "cond", "noised_mels")},
            spks=torch.cat([one["spks"] for one in encoded]),
            n_timesteps=encoded[0]["n_timesteps"],
            meanflow=encoded[0]["meanflow"],
        )
    finally:
        estimator.lengths_differ = False
    return [
        mel[None, :, arguments["prompt_feat"].shape[1] : length]
        for mel, arguments, length in zip(mels, asked, frames, strict=True)
    ]


def _encoded(flow: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    encoder = _Encoder(flow)
    type(flow).inference(encoder, **arguments)
    return encoder.asked


class _Encoder:
    """A flow whose decoder only remembers what it is asked for."""

    def __init__(self, flow: Any) -> None:
        self._flow = flow
        self.asked: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flow, name)

    def decoder(self, **asked: Any) -> tuple[Tensor, None]:
        self.asked = asked
        return asked["mu"], None


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
