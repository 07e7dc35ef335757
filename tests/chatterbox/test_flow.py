"""The flow's estimator without masks, and as graphs; a stand-in does the capturing of a GPU."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import ChatterboxEngine, flow
from tests.chatterbox.conftest import only_english
from tests.chatterbox.test_graphs import FakeGPU

both_kinds = pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
"""With ten steps and guidance, and with two without."""


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeGPU:
    import torch

    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    return FakeGPU(monkeypatch)


@pytest.fixture
def meanflow(engine: ChatterboxEngine) -> bool:
    return bool(engine._model.s3gen.meanflow)


@pytest.fixture
def inputs(engine: ChatterboxEngine, meanflow: bool) -> Callable[[int], dict[str, Any]]:
    """What the estimator is asked for so many frames, mask and all."""
    import torch

    def make(frames: int, rows: int | None = None) -> dict[str, Any]:
        rows = rows or (1 if meanflow else 2)
        like = next(engine._model.s3gen.flow.parameters())
        made = flow._inputs(rows, frames, meanflow=meanflow, like=like)
        generator = torch.Generator().manual_seed(frames)
        noise = {
            name: torch.randn(value.shape, generator=generator)
            for name, value in made.items()
            if name in ("x", "mu", "cond", "spks")
        }
        return {**made, **noise}

    return make


def stock_estimator(engine: ChatterboxEngine) -> Callable[..., Any]:
    estimator = engine._model.s3gen.flow.decoder.estimator
    return lambda **inputs: type(estimator).forward(estimator, **inputs)


def graphed(
    engine: ChatterboxEngine,
    monkeypatch: pytest.MonkeyPatch,
    replayed: list[object] | None = None,
    *,
    tf32: bool = False,
) -> flow.GraphedEstimator:
    """As on a GPU: what is replayed reads and writes what was captured."""

    def capture(capturing: Any, run: Callable[[], None]) -> Any:
        def replay() -> None:
            if replayed is not None:
                replayed.append(capturing._pool)
            run()

        return SimpleNamespace(replay=replay)

    monkeypatch.setattr(flow.Capturing, "graph_of", capture)
    monkeypatch.setattr(flow, "MOST_FRAMES", 384)
    s3gen = engine._model.s3gen
    before = s3gen.flow.decoder.estimator.forward
    flow.speed_up(s3gen.flow, meanflow=s3gen.meanflow, graphs=True, tf32=tf32)
    runner = s3gen.flow.decoder.estimator.forward
    s3gen.flow.decoder.estimator.forward = before  # all tests share the engine
    assert isinstance(runner, flow.GraphedEstimator)
    return runner


@both_kinds
@pytest.mark.parametrize("frames", [1, 60, 333])
def test_left_out_masks_change_not_one_bit(
    engine: ChatterboxEngine, inputs: Callable[[int], dict[str, Any]], frames: int
) -> None:
    import torch

    asked = inputs(frames)
    with torch.inference_mode():
        expected = stock_estimator(engine)(**asked)
        plain = engine._model.s3gen.flow.decoder.estimator.forward(**asked)
    assert torch.equal(plain, expected)


@both_kinds
@pytest.mark.parametrize("frames", [2, 60, 133])
def test_the_encoder_without_masks_changes_not_one_bit(
    engine: ChatterboxEngine, frames: int
) -> None:
    import torch

    encoder = engine._model.s3gen.flow.encoder
    x = torch.randn(2, frames, 512, generator=torch.Generator().manual_seed(frames))
    lengths = torch.tensor([frames, frames])
    with torch.inference_mode():
        expected, masks = type(encoder).forward(encoder, x, lengths)
        plain, same_masks = encoder.forward(x, lengths)
    assert torch.equal(plain, expected)
    assert torch.equal(same_masks, masks)


@both_kinds
def test_what_is_added_behind_a_sentence_does_not_reach_it(
    engine: ChatterboxEngine,
    gpu: FakeGPU,
    inputs: Callable[[int], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    runner = graphed(engine, monkeypatch)
    with torch.inference_mode():
        for frames in (300, 380, 260, 384, 3, 128):  # longer ones leave something behind
            asked = inputs(frames)
            expected = stock_estimator(engine)(**asked)
            torch.testing.assert_close(runner(**asked), expected, atol=2e-5, rtol=1e-5)


@only_english
def test_every_length_up_to_the_longest_is_replayed(
    engine: ChatterboxEngine,
    gpu: FakeGPU,
    inputs: Callable[[int], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    replayed: list[object] = []
    runner = graphed(engine, monkeypatch, replayed)
    with torch.inference_mode():
        for frames in (1, 128, 129, 384):
            runner(**inputs(frames))
    assert replayed == [(0, 1)] * 4  # all of one pool


@only_english
@pytest.mark.parametrize(("frames", "rows"), [(385, 2), (40, 4)], ids=["long", "several"])
def test_what_has_no_graph_runs_as_it_is(
    engine: ChatterboxEngine,
    gpu: FakeGPU,
    inputs: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    frames: int,
    rows: int,
) -> None:
    import torch

    replayed: list[object] = []
    runner = graphed(engine, monkeypatch, replayed)
    asked = inputs(frames, rows)
    with torch.inference_mode():
        assert torch.equal(runner(**asked), stock_estimator(engine)(**asked))
    assert replayed == []


@only_english
def test_after_a_capture_that_fails_half_way_the_flow_runs_without(
    engine: ChatterboxEngine,
    gpu: FakeGPU,
    inputs: Callable[[int], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import torch

    made = []

    def capture(capturing: Any, run: Callable[[], None]) -> Any:
        made.append(run)
        if len(made) == 2:
            raise RuntimeError("operation not permitted when stream is capturing")
        return SimpleNamespace(replay=pytest.fail)

    plain = stock_estimator(engine)
    runner = flow.GraphedEstimator(plain, plain)
    monkeypatch.setattr(flow.Capturing, "graph_of", capture)
    like = next(engine._model.s3gen.flow.parameters())
    with caplog.at_level("WARNING"):
        runner.capture(rows=[2], meanflow=False, like=like)
    assert "the flow without CUDA graphs, which is slower (operation not" in caplog.text
    asked = inputs(100)
    with torch.inference_mode():
        assert torch.equal(runner(**asked), plain(**asked))


@only_english
def test_a_capture_that_leaves_the_gpu_broken_says_what_to_do(
    engine: ChatterboxEngine, gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch
) -> None:
    def capture(capturing: Any, run: Callable[[], None]) -> Any:
        raise RuntimeError("no")

    gpu.broken = True
    monkeypatch.setattr(flow.Capturing, "graph_of", capture)
    like = next(engine._model.s3gen.flow.parameters())
    runner = flow.GraphedEstimator(pytest.fail, pytest.fail)
    with pytest.raises(EngineDeadError, match=r"Set \[engine\] graphs = false"):
        runner.capture(rows=[2], meanflow=False, like=like)


@only_english
@pytest.mark.parametrize("tf32", [True, False])
def test_tf32_is_that_of_the_graphs_alone_and_its_difference_is_told(
    engine: ChatterboxEngine,
    gpu: FakeGPU,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tf32: bool,
) -> None:
    import torch

    switched: list[str] = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", switched.append)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "before")
    with caplog.at_level("INFO"):
        graphed(engine, monkeypatch, tf32=tf32)
    assert switched == ["high" if tf32 else "highest", "before"]
    assert ("the flow computes in TF32: a step differs by " in caplog.text) is tf32


@only_english
def test_tf32_that_can_do_nothing_is_told(
    engine: ChatterboxEngine, caplog: pytest.LogCaptureFixture
) -> None:
    flow.speed_up(engine._model.s3gen.flow, meanflow=False, graphs=False, tf32=True)
    assert "tf32 does nothing here" in caplog.text
