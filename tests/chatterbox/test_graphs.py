"""Fixed shapes, and what was captured of them; a stand-in does the capturing of a GPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3.decoder import Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.graphs import (
    HIGH_PRIORITY,
    LENGTH_STEP,
    Capturing,
    StepRunner,
)
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
        self.allocating: set[object] = set()  # pools of captures that have not ended
        self.released: list[tuple[int, object]] = []
        self.streams: list[int] = []  # the priority of each that was made
        monkeypatch.setattr(torch.cuda, "Stream", self._new_stream)
        monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", self._end)
        monkeypatch.setattr(torch._C, "_cuda_releasePool", self._release)
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: self.stream)
        monkeypatch.setattr(torch.cuda, "set_stream", self._set_stream)
        monkeypatch.setattr(torch.cuda, "default_generators", (self.generator,))

    def _new_stream(self, priority: int = 0) -> object:
        self.streams.append(priority)
        return SimpleNamespace(device_index=0)

    def _end(self, device: int, pool: object) -> None:
        if pool not in self.allocating:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.allocating.remove(pool)

    def _release(self, device: int, pool: object) -> None:
        self.released.append((device, pool))

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
    assert gpu.released == []  # it failed before or after anything was allocated
    assert [done.tokens for done in decode(decoder, prompts[:2])] == expected


@only_english
@pytest.mark.parametrize("renamed", [False, True], ids=["torch 2.8", "torch 2.6"])
def test_a_capture_that_fails_while_it_allocates_gives_its_memory_back(
    runner: StepRunner, gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    """Otherwise torch asserts whenever memory is to be given back."""
    import torch

    def capture(shape: Any, capturing: Any) -> Any:
        gpu.allocating.add((0, 1))
        raise RuntimeError("CUDA error: operation failed due to a previous error during capture")

    if renamed:
        monkeypatch.delattr(torch._C, "_cuda_endAllocateToPool")
        monkeypatch.setattr(
            torch._C, "_cuda_endAllocateCurrentStreamToPool", gpu._end, raising=False
        )
    monkeypatch.setattr(runner, "_captured", capture)
    runner.capture(1024, sort=False)
    assert gpu.allocating == set()
    assert gpu.released == [(0, (0, 1))]


@only_english
def test_all_graphs_are_captured_on_one_stream_of_high_priority(
    runner: StepRunner, gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stream keeps a workspace of cuBLAS."""
    ways = []
    monkeypatch.setattr(runner, "_captured", lambda shape, capturing: ways.append(capturing))
    runner.capture(1024, sort=False)
    assert len(ways) == 4
    assert len(set(ways)) == 1
    assert gpu.streams == [-1]


def test_warming_up_and_capturing_share_a_stream(
    gpu: FakeGPU, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    import torch

    used: list[tuple[str, object]] = []
    current = SimpleNamespace(device_index=0, wait_stream=lambda other: None)

    class Stream:
        def __init__(self, priority: int = 0) -> None:
            self.device_index = 0

        def wait_stream(self, other: object) -> None:
            pass

    @contextlib.contextmanager
    def on(stream: object) -> Iterator[None]:
        used.append(("warm", stream))
        yield

    @contextlib.contextmanager
    def graph(graph: object, *, pool: object, stream: object) -> Iterator[None]:
        used.append(("captured", stream))
        yield

    for name, fake in (
        ("Stream", Stream),
        ("current_stream", lambda: current),
        ("stream", on),
        ("graph", graph),
        ("CUDAGraph", object),
    ):
        monkeypatch.setattr(torch.cuda, name, fake)
    capturing = Capturing("decoding", priority=HIGH_PRIORITY)
    ran: list[int] = []
    for _ in range(2):
        capturing.graph_of(lambda: ran.append(1))
    assert [what for what, _ in used] == ["warm", "captured"] * 2
    assert len({stream for _, stream in used}) == 1
    assert len(ran) == 6  # two calls to warm up for each


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
