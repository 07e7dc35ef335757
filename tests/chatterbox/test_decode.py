"""The own decoding against stock's: the same tokens, whatever else is decoded with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3 import alignment
from bot.speech.engines.chatterbox.t3.backbone import open_backbone, set_precision
from bot.speech.engines.chatterbox.t3.decoder import Decoded, NotFiniteError, Prompt, T3Decoder
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
    for turned, exact in zip(rounded.rotation, expected.rotation, strict=True):
        assert turned.dtype == torch.bfloat16
        assert (turned.float() - exact).abs().max() <= torch.finfo(torch.bfloat16).eps


@pytest.mark.parametrize("engine", ["multilingual-v2"], indirect=True)
def test_the_multilingual_guard_is_heeded(
    decoder: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the equality above is also that of what it forbids and forces."""
    said: set[alignment.Verdict] = set()
    look = alignment._StockGuard.look

    def watched(self: Any, attention: Sequence[Any], last_token: int) -> alignment.Verdict:
        verdict = look(self, attention, last_token)
        said.add(verdict)
        return verdict

    monkeypatch.setattr(alignment._StockGuard, "look", watched)
    decode(decoder, prompts[:2])
    assert said - {alignment.Verdict.NOTHING}


@pytest.mark.parametrize("engine", ["multilingual-v2"], indirect=True)
def test_guards_of_all_texts_share_one_copy_of_what_was_attended_to(
    decoder: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each copy from a GPU waits for it."""
    import torch

    copy, copied = torch.Tensor.cpu, []

    def counted(tensor: Any) -> Any:
        copied.append(len(tensor))
        return copy(tensor)

    slots = [decoder.start(fresh(prompt)) for prompt in prompts[:3]]
    monkeypatch.setattr(torch.Tensor, "cpu", counted)
    assert decoder.step() == {}
    # Of all three; stock's analyser then asks once for each, which is on the CPU by then.
    assert copied == [3, 1, 1, 1]
    for slot in slots:
        decoder.drop(slot)


@pytest.mark.parametrize("verdict", list(alignment.Verdict))
def test_a_verdict_is_what_stocks_analyser_makes_of_logits(verdict: alignment.Verdict) -> None:
    import torch

    logits = torch.randn(2, 9)
    wanted = logits.clone()
    if verdict == alignment.Verdict.NO_END:
        wanted[1, 4] = -(2**15)
    if verdict == alignment.Verdict.END:
        wanted[1] = -(2**15)
        wanted[1, 4] = 2**15
    alignment.heed(logits, [alignment.Verdict.NOTHING, verdict], 4)
    assert torch.equal(logits, wanted)


@pytest.mark.parametrize("engine", ["multilingual-v2"], indirect=True)
def test_the_guard_falls_silent_after_the_shortest_texts(engine: ChatterboxEngine) -> None:
    """Where stock raises an IndexError."""
    import torch

    start, letters, steps = 34, 5, 10
    guard = alignment.new_guard(engine._model.t3, (start, start + letters))
    assert guard is not None
    said = []
    for step in range(steps):
        # All that is said is the last letter.
        rows = start + letters + 1 if step == 0 else 1
        heard = torch.zeros(rows, start + letters + 1 + step)
        heard[:, start + letters - 1] = 1.0
        said.append(guard.look([heard] * 3, step))
    assert said[-1] == alignment.Verdict.NOTHING


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
@pytest.mark.parametrize("late", [1, 2, 4])
def test_reading_tokens_late_changes_no_token_and_no_random_number(
    engine: ChatterboxEngine, prompts: list[Prompt], decoder: T3Decoder, late: int
) -> None:
    import torch

    texts = prompts[:5]
    expected = decode(decoder, texts)
    reading = T3Decoder(engine._model.t3, slots=3, context=1100, late=late)
    waiting = list(enumerate(texts))
    slots: dict[int, int] = {}
    found: dict[int, Decoded] = {}
    while waiting or reading.running:
        while waiting and not reading.full:
            index, prompt = waiting.pop(0)
            slots[reading.start(fresh(prompt))] = index
        found |= {slots[slot]: done for slot, done in reading.step().items()}
    for index, wanted in enumerate(expected):
        assert found[index].tokens == wanted.tokens
        assert found[index].stopped == wanted.stopped
        assert torch.equal(found[index].random_state, wanted.random_state)


@only_english
def test_what_is_read_late_of_a_dropped_text_is_not_the_next_ones(
    engine: ChatterboxEngine, prompts: list[Prompt], decoder: T3Decoder
) -> None:
    (expected,) = decode(decoder, [prompts[1]])
    reading = T3Decoder(engine._model.t3, slots=2, context=1100, late=3)
    reading.start(fresh(prompts[3]))
    dropped = reading.start(fresh(prompts[0]))
    for _ in range(3):
        assert reading.step() == {}
    reading.drop(dropped)
    assert reading.start(fresh(prompts[1])) == dropped
    found: dict[int, Decoded] = {}
    while reading.running:
        found |= reading.step()
    assert found[dropped].tokens == expected.tokens


@only_english
def test_the_guard_and_a_cpu_read_each_token_at_once(
    engine: ChatterboxEngine, decoder: T3Decoder
) -> None:
    assert decoder._reader.late == 0


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_logits_are_computed_in_float32_whatever_the_rest_is_computed_in(
    dtype: str, engine: ChatterboxEngine, prompts: list[Prompt]
) -> None:
    import copy

    import torch

    t3 = copy.deepcopy(engine._model.t3)
    set_precision(t3, getattr(torch, dtype))
    decoder = T3Decoder(t3, slots=1, context=1100)
    hidden = torch.randn(2, t3.cfg.hidden_size, dtype=t3.speech_head.weight.dtype)
    with torch.inference_mode():
        logits = decoder._head(hidden)
        exact = t3.speech_head.float()(hidden.float())
    assert logits.dtype == torch.float32
    assert torch.equal(logits, exact)


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
@pytest.mark.parametrize("late", [0, 2])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_logits_that_are_not_finite_are_no_token(
    engine: ChatterboxEngine, prompts: list[Prompt], late: int, value: str
) -> None:
    decoder = T3Decoder(engine._model.t3, slots=2, context=1100, late=late)
    slots = [decoder.start(fresh(prompt)) for prompt in (prompts[0], prompts[2])]
    decoder.step()
    forward = decoder._forward

    def overflowing(*inputs: Any) -> None:
        head = decoder._head
        decoder._head = lambda hidden: _spoilt(head(hidden), value)
        try:
            forward(*inputs)
        finally:
            decoder._head = head

    decoder._step._forward = overflowing
    for _ in range(late + 1):
        assert decoder.step() == {}
    with pytest.raises(NotFiniteError) as raised:
        decoder.step()
    assert raised.value.slots == (slots[1],)


def _spoilt(logits: Any, value: str) -> Any:
    """Those of the second text."""
    spoilt = logits.clone()
    spoilt[len(logits) // 2, 7] = float(value)
    return spoilt


@pytest.mark.parametrize("engine", ["multilingual"], indirect=True)
def test_version_3_has_no_guard(engine: ChatterboxEngine) -> None:
    t3 = engine._model.t3
    assert (alignment.watched_heads(t3), alignment.new_guard(t3, (34, 39))) == ((), None)
