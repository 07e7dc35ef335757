"""Fixed shapes, and what was captured of them; a stand-in does the capturing of a GPU."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3.decoder import Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.graphs import LENGTH_STEP, StepRunner
from tests.chatterbox.conftest import only_english
from tests.chatterbox.decoding import (
    decode,
    text_tokens,
)


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_the_fixed_shapes_of_graphs_change_no_token(
    engine: ChatterboxEngine, decoder: T3Decoder, prompts: list[Prompt]
) -> None:
    import torch

    # The second one grows beyond what the first graph looks at.
    long = text_tokens(engine, "A text of thirty characters. " * 8)[: LENGTH_STEP - 40]
    texts = [prompts[0], dataclasses.replace(prompts[1], text_tokens=long), prompts[2]]
    expected = [done.tokens for done in decode(decoder, texts)]
    rounded = T3Decoder(engine._model.t3, slots=6, context=1100)
    lengths = set()

    def forward(*inputs: Any) -> None:
        lengths.add(inputs[3])
        rounded._forward(*inputs)

    with torch.inference_mode():
        rounded._step = StepRunner(forward, 6, torch.device("cpu"), rounded=True)
    assert [done.tokens for done in decode(rounded, texts)] == expected
    assert len(lengths) > 1


@only_english
def test_graphs_see_few_shapes(engine: ChatterboxEngine) -> None:
    import torch

    seen: list[tuple[int, int, bool]] = []

    def forward(tokens: Any, positions: Any, steps: Any, length: int, sort: bool) -> None:
        assert tokens.shape == positions.shape == steps.shape
        seen.append((len(tokens), length, sort))

    runner = StepRunner(forward, 6, torch.device("cpu"), rounded=True)
    for count in range(1, 7):
        for position in (0, 255, 256, 700):
            steps = [1] * count
            runner(torch.zeros(count, dtype=torch.long), [position] * count, steps, sort=False)
    assert set(seen) == {(6, length, False) for length in (256, 512, 768)}


class FakeGPU:
    """What a capture asks of a GPU, but for the capture itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        self.stream = SimpleNamespace(device_index=0)
        self.current: Any = None
        self.generator = SimpleNamespace(
            clone_state=lambda: "fresh", graphsafe_set_state=self._set_state
        )
        self.state, self.broken = "capturing", False
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: self.stream)
        monkeypatch.setattr(torch.cuda, "set_stream", self._set_stream)
        monkeypatch.setattr(torch.cuda, "default_generators", (self.generator,))

    def _set_stream(self, stream: object) -> None:
        self.current = stream

    def _set_state(self, state: str) -> None:
        if self.broken:
            raise RuntimeError("CUDA error: operation failed")
        self.state = state


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeGPU:
    return FakeGPU(monkeypatch)


@pytest.fixture
def runner(decoder: T3Decoder, gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch) -> StepRunner:
    """The decoder's, as on a GPU."""
    import torch

    runner = StepRunner(decoder._forward, decoder.slots, torch.device("cpu"), rounded=True)
    monkeypatch.setattr(decoder, "_step", runner)
    return runner


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_what_was_captured_is_replayed(
    decoder: T3Decoder,
    prompts: list[Prompt],
    runner: StepRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = [done.tokens for done in decode(decoder, prompts[:3])]
    captured, replayed = [], set()

    def capture(shape: Any, pool: object) -> Any:
        captured.append(shape)

        def replay() -> None:
            replayed.add(shape)
            runner._run(shape)

        return SimpleNamespace(replay=replay)

    monkeypatch.setattr(runner, "_captured", capture)
    sort = decoder._t3.is_gpt
    runner.capture(1024, sort=sort)
    # The largest first, because what it needs, all can share.
    assert captured == [(8, length, sort) for length in (1024, 768, 512, 256)]
    assert [done.tokens for done in decode(decoder, prompts[:3])] == expected
    # Turbo's voice alone takes more than the first 256 positions; Llama asks for no sorting.
    assert replayed
    assert replayed <= set(captured)


@only_english
def test_steps_that_were_not_captured_run_all_the_same(
    decoder: T3Decoder, prompts: list[Prompt], runner: StepRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorting = prompts[1]  # top_p below 1, which the engine does not ask of this model
    (expected,) = decode(decoder, [sorting])
    unwanted = SimpleNamespace(replay=pytest.fail)
    monkeypatch.setattr(runner, "_captured", lambda shape, pool: unwanted)
    runner.capture(1024, sort=False)
    assert decode(decoder, [sorting])[0].tokens == expected.tokens


@only_english
def test_after_a_capture_that_fails_half_way_steps_run_without(
    decoder: T3Decoder,
    prompts: list[Prompt],
    runner: StepRunner,
    gpu: FakeGPU,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = [done.tokens for done in decode(decoder, prompts[:2])]
    captured = []

    def capture(shape: Any, pool: object) -> Any:
        captured.append(shape)
        if len(captured) == 3:
            raise RuntimeError("operation not permitted when stream is capturing")
        return SimpleNamespace(replay=pytest.fail)

    monkeypatch.setattr(runner, "_captured", capture)
    with caplog.at_level("WARNING"):
        runner.capture(1024, sort=False)
    assert "decoding without CUDA graphs, which is slower (operation not" in caplog.text
    assert (gpu.current, gpu.state) == (gpu.stream, "fresh")
    assert [done.tokens for done in decode(decoder, prompts[:2])] == expected


@only_english
def test_a_capture_that_leaves_the_gpu_broken_says_what_to_do(
    runner: StepRunner, gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch
) -> None:
    def capture(shape: Any, pool: object) -> Any:
        raise RuntimeError("no")

    gpu.broken = True
    monkeypatch.setattr(runner, "_captured", capture)
    with pytest.raises(EngineDeadError, match=r"Set \[engine\] graphs = false"):
        runner.capture(1024, sort=False)


@only_english
def test_a_mask_to_add_decodes_what_a_mask_of_booleans_does(
    decoder: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GPUs are given the former."""
    expected = [done.tokens for done in decode(decoder, prompts[:3])]
    monkeypatch.setattr(decoder._cache, "_additive", True)
    assert [done.tokens for done in decode(decoder, prompts[:3])] == expected
