"""The own decoding against stock's: the same tokens, whatever else is decoded with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3 import alignment
from bot.speech.engines.chatterbox.t3.backbone import open_backbone, set_precision
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt, T3Decoder
from tests.chatterbox.conftest import only_english
from tests.chatterbox.decoding import (
    LLAMA,
    decode,
    fresh,
    spoken,
    stock_decode,
)


@pytest.fixture(scope="module")
def expected(stock: Any, prompts: list[Prompt]) -> list[tuple[list[int], Any]]:
    """What stock makes of each: the tokens, and the state of torch's random numbers after."""
    return [stock_decode(stock.t3, fresh(prompt)) for prompt in prompts]


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


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("engine", ["english", "turbo", "nano"], indirect=True)
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
        assert len(done.tokens) > 1
        assert max(done.tokens) <= t3.hp.stop_speech_token


@only_english
def test_half_precision_keeps_the_angles_of_the_rotary_embedding(engine: ChatterboxEngine) -> None:
    import copy

    import torch

    t3 = engine._model.t3
    half = copy.deepcopy(t3)
    set_precision(half, torch.bfloat16)
    expected, rounded = open_backbone(t3, 1400), open_backbone(half, 1400)
    assert rounded._cos.dtype == torch.bfloat16
    for name in ("_cos", "_sin"):
        difference = getattr(rounded, name).float() - getattr(expected, name)
        assert difference.abs().max() <= torch.finfo(torch.bfloat16).eps


@pytest.mark.parametrize("engine", ["multilingual-v2"], indirect=True)
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


@pytest.mark.parametrize("engine", ["multilingual-v2"], indirect=True)
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


@pytest.mark.parametrize("engine", ["multilingual"], indirect=True)
def test_version_3_has_no_guard(engine: ChatterboxEngine) -> None:
    t3 = engine._model.t3
    assert (alignment.watched_heads(t3), alignment.new_guard(t3, (34, 39))) == ((), None)
