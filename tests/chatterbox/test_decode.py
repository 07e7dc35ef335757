"""The own decoding against stock's: the same tokens, whatever else is decoded with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3 import alignment
from bot.speech.engines.chatterbox.t3.backbone import LlamaBackbone, set_precision
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.graphs import LENGTH_STEP, StepRunner
from bot.speech.engines.chatterbox.t3.sampling import Sampling
from bot.speech.types import VoiceReference
from tests.chatterbox.conftest import only_english

Voices = tuple[VoiceReference, ...]

TEXTS = (
    "Hello there.",
    "A rather longer second message for the bot, with a comma in it.",
    "Third!",
    "Numbers 1, 2, 3 and so on, until the very end of what there is to say about them.",
    "Five.",
    "Is this the sixth?",
    "Seven is short, too.",
    "And the last of eight texts is the longest one of all, because it goes on and on and on.",
)
LLAMA = (
    Sampling(),
    Sampling(cfg_weight=0.2, temperature=0.5, repetition_penalty=1.5, min_p=0.1, top_p=0.9),
    Sampling(cfg_weight=1.0, temperature=1.0, repetition_penalty=1.0, min_p=0.0),
    Sampling(temperature=1.4, top_p=0.5),
)
GPT2 = (
    Sampling(cfg_weight=0, min_p=0, top_p=0.95),
    Sampling(cfg_weight=0, min_p=0, top_p=0.8, temperature=0.6, repetition_penalty=1.5),
    Sampling(cfg_weight=0, min_p=0, top_p=1.0, temperature=1.0, repetition_penalty=1.0),
)


@pytest.fixture(scope="module")
def decoder(engine: ChatterboxEngine) -> T3Decoder:
    decoder = engine._speaker._decoder
    assert isinstance(decoder, T3Decoder)
    return decoder


@pytest.fixture(scope="module")
def prompts(engine: ChatterboxEngine, voices: Voices) -> list[Prompt]:
    """Eight texts of different lengths, voices, settings and seeds, some cut off earlier."""
    settings = GPT2 if engine.info.model == "turbo" else LLAMA
    # The multilingual guard hears that random weights never come to an end.
    most = 30 if engine.info.model == "multilingual" else 60
    ends = (most, 14, most, 19)
    return [
        Prompt(
            engine.voices.get(voices[index % len(voices)], {}).t3,
            text_tokens(engine, text),
            seed=100 + index,
            sampling=settings[index % len(settings)],
            max_tokens=ends[index % len(ends)],
        )
        for index, text in enumerate(TEXTS)
    ]


@pytest.fixture(scope="module")
def expected(stock: Any, prompts: list[Prompt]) -> list[tuple[list[int], Any]]:
    """What stock makes of each: the tokens, and the state of torch's random numbers after."""
    return [stock_decode(stock.t3, fresh(prompt)) for prompt in prompts]


def text_tokens(engine: ChatterboxEngine, text: str) -> Any:
    import torch

    tokenizer = engine._model.tokenizer
    if engine.info.model == "turbo":
        return tokenizer(text, return_tensors="pt").input_ids[0]
    language = {"language_id": "en"} if engine.info.model == "multilingual" else {}
    tokens = tokenizer.text_to_tokens(text, **language)[0]
    return torch.cat([torch.tensor([255]), tokens, torch.tensor([0])]).long()


def fresh(prompt: Prompt) -> Prompt:
    """The same with conditionals that may be written to."""
    return dataclasses.replace(prompt, conditioning=dataclasses.replace(prompt.conditioning))


def stock_decode(t3: Any, prompt: Prompt) -> tuple[list[int], Any]:
    import torch

    chosen = dataclasses.asdict(prompt.sampling)
    torch.manual_seed(prompt.seed)
    if t3.is_gpt:
        del chosen["cfg_weight"], chosen["min_p"]
        # Stock counts the first token apart and leaves out the stop token.
        tokens = t3.inference_turbo(
            prompt.conditioning,
            prompt.text_tokens[None],
            max_gen_len=prompt.max_tokens - 1,
            **chosen,
        )
    else:
        text = prompt.text_tokens[None].repeat(2, 1)
        tokens = t3.inference(
            t3_cond=prompt.conditioning,
            text_tokens=text,
            max_new_tokens=prompt.max_tokens,
            **chosen,
        )
    return tokens[0].tolist(), torch.get_rng_state()


def decode(decoder: T3Decoder, prompts: Sequence[Prompt]) -> list[Decoded]:
    slots = [decoder.start(fresh(prompt)) for prompt in prompts]
    done: dict[int, Decoded] = {}
    while decoder.running:
        done |= decoder.step()
    return [done[slot] for slot in slots]


def spoken(decoded: Decoded, t3: Any) -> list[int]:
    """The tokens as stock returns them."""
    tokens = list(decoded.tokens)
    return tokens[:-1] if t3.is_gpt and decoded.stopped else tokens


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
def test_tokens_and_random_numbers_are_stocks_in_batches_of(
    batch: int,
    engine: ChatterboxEngine,
    decoder: T3Decoder,
    prompts: list[Prompt],
    expected: list[tuple[list[int], Any]],
) -> None:
    import torch

    for start in range(0, max(4, batch), batch):
        results = decode(decoder, prompts[start : start + batch])
        for result, (tokens, state) in zip(results, expected[start:], strict=False):
            assert spoken(result, engine._model.t3) == tokens
            assert torch.equal(result.random_state, state)


def test_joining_and_leaving_a_running_batch_changes_no_token(
    decoder: T3Decoder, prompts: list[Prompt]
) -> None:
    alone = [decode(decoder, [prompt])[0].tokens for prompt in prompts[:4]]
    joined: dict[int, tuple[int, ...]] = {}
    slots = {}
    for index, prompt in enumerate(prompts[:4]):
        slots[decoder.start(fresh(prompt))] = index
        for _ in range(4):
            joined |= {slots[slot]: done.tokens for slot, done in decoder.step().items()}
    while decoder.running:
        joined |= {slots[slot]: done.tokens for slot, done in decoder.step().items()}
    assert [joined[index] for index in range(4)] == alone


def test_a_slot_in_the_middle_may_be_empty(decoder: T3Decoder, prompts: list[Prompt]) -> None:
    (alone,) = decode(decoder, [prompts[2]])
    slots = [decoder.start(fresh(prompt)) for prompt in prompts[:3]]
    decoder.step()
    decoder.drop(slots[1])
    done: dict[int, Decoded] = {}
    while decoder.running:
        done |= decoder.step()
    assert done[slots[2]].tokens == alone.tokens


@pytest.mark.parametrize("engine", ["english", "multilingual"], indirect=True)
def test_without_guidance_tokens_are_those_of_next_to_none(
    decoder: T3Decoder, prompts: list[Prompt], stock: Any
) -> None:
    """Stock raises for none at all."""
    none, hardly = (
        dataclasses.replace(prompts[1], sampling=dataclasses.replace(LLAMA[1], cfg_weight=weight))
        for weight in (0.0, 1e-30)
    )
    (result,) = decode(decoder, [none])
    assert list(result.tokens) == stock_decode(stock.t3, fresh(hardly))[0]


@only_english
def test_a_text_that_does_not_fit_the_cache_is_refused(
    decoder: T3Decoder, prompts: list[Prompt]
) -> None:
    with pytest.raises(ValueError, match="positions exceed"):
        decoder.start(dataclasses.replace(prompts[0], max_tokens=10_000))


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
    assert "decoding without CUDA graphs, which is slower: operation not" in caplog.text
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


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_half_precision_decodes_to_the_end(
    dtype: str, engine: ChatterboxEngine, prompts: list[Prompt]
) -> None:
    import copy

    import torch

    t3 = copy.deepcopy(engine._model.t3)
    set_precision(t3, getattr(torch, dtype))
    decoder = T3Decoder(t3, slots=2, context=1100)
    # The conditionals of the engine stay in float32.
    for done in decode(decoder, prompts[:2]):
        assert done.stopped or len(done.tokens) == 14
        assert len(done.tokens) > 3
        assert max(done.tokens) <= t3.hp.stop_speech_token


@only_english
def test_half_precision_keeps_the_angles_of_the_rotary_embedding(engine: ChatterboxEngine) -> None:
    import copy

    import torch

    t3 = engine._model.t3
    half = copy.deepcopy(t3)
    set_precision(half, torch.bfloat16)
    expected, rounded = LlamaBackbone(t3, 1400), LlamaBackbone(half, 1400)
    assert rounded._cos.dtype == torch.bfloat16
    for name in ("_cos", "_sin"):
        difference = getattr(rounded, name).float() - getattr(expected, name)
        assert difference.abs().max() <= torch.finfo(torch.bfloat16).eps


@pytest.mark.parametrize("engine", ["multilingual"], indirect=True)
def test_the_multilingual_guard_is_heeded(
    decoder: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the equality above is also that of what it forbids and forces."""
    changed: list[bool] = []
    look = alignment._StockGuard.look

    def watched(self: Any, attention: Sequence[Any], logits: Any, last_token: int) -> Any:
        wanted = look(self, attention, logits, last_token)
        changed.append(bool((wanted != logits).any()))
        return wanted

    monkeypatch.setattr(alignment._StockGuard, "look", watched)
    decode(decoder, prompts[:2])
    assert any(changed)


@pytest.mark.parametrize("engine", ["multilingual"], indirect=True)
def test_the_guard_falls_silent_after_the_shortest_texts(engine: ChatterboxEngine) -> None:
    """Where stock raises an IndexError."""
    import torch

    start, letters, steps = 34, 5, 10
    guard = alignment.new_guard(engine._model.t3, (start, start + letters))
    assert guard is not None
    logits = torch.randn(1, 8194)
    for step in range(steps):
        # All that is said is the last letter.
        rows = start + letters + 1 if step == 0 else 1
        heard = torch.zeros(rows, start + letters + 1 + step)
        heard[:, start + letters - 1] = 1.0
        after = guard.look([heard] * 3, logits, step)
    assert torch.equal(after, logits)
