"""Products with weights: the same as torch's, and for each row the same in any company."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from bot.speech.engines.chatterbox import ChatterboxEngine  # noqa: E402
from bot.speech.engines.chatterbox.products import (  # noqa: E402
    Layout,
    RowCounts,
    can_pack,
    make_product,
    quickest_counts,
)
from bot.speech.engines.chatterbox.t3.weights import lay_out, restore  # noqa: E402

needs_onednn = pytest.mark.skipif(
    not can_pack(torch.zeros(1)), reason="this torch has no oneDNN for this processor"
)
needs_bf16 = pytest.mark.skipif(
    not can_pack(torch.zeros(1, dtype=torch.bfloat16)), reason="this processor has no bf16"
)
BF16 = pytest.param("bf16", marks=needs_bf16)
layouts = pytest.mark.parametrize("layout", ["packed", "int8", BF16])
EXACT = {"packed": 1e-6, "int8": 0.02, "bf16": 0.005}
"""Relative distance to float32 at most."""


def weight(outputs: int = 96, inputs: int = 256) -> Any:
    generator = torch.Generator().manual_seed(outputs)
    return torch.randn(outputs, inputs, generator=generator) / inputs**0.5


def rows(count: int, inputs: int = 256) -> Any:
    return torch.randn(count, inputs, generator=torch.Generator().manual_seed(count))


@needs_onednn
@layouts
@pytest.mark.parametrize("biased", [False, True])
def test_a_product_is_torchs(layout: Layout, biased: bool) -> None:
    bias = torch.arange(96.0) if biased else None
    x = rows(10).view(2, 5, 256)
    expected = torch.nn.functional.linear(x, weight(), bias)
    result = make_product(weight(), bias, layout, RowCounts())(x)
    assert result.shape == expected.shape
    assert (result - expected).norm() <= EXACT[layout] * expected.norm()


@needs_onednn
@layouts
@pytest.mark.parametrize("inputs", [64, 1024, 4096])
def test_a_row_is_rounded_the_same_in_any_company(layout: Layout, inputs: int) -> None:
    product = make_product(weight(128, inputs), None, layout, RowCounts())
    x = rows(40, inputs)
    x[3] *= 1000  # what is loud must not decide how finely its neighbours are rounded
    together = product(x)
    for count in (1, 2, 3, 5, 8, 16):
        for first in (0, 2, 11):
            alone = product(x[first : first + count])
            assert torch.equal(alone, together[first : first + count])


@needs_onednn
def test_further_rows_that_are_quicker_change_nothing() -> None:
    counts = RowCounts()
    product = make_product(weight(), None, "packed", counts)
    before = product(rows(3))
    counts._counts = {3: 7}
    assert torch.equal(product(rows(3)), before)


def test_the_quickest_count_of_rows_is_taken_where_it_is_worth_it() -> None:
    seconds = {2: 1.0, 3: 0.99, 4: 0.7, 5: 0.9}
    assert quickest_counts(seconds) == {1: 4, 2: 4, 3: 4, 4: 4, 5: 5}
    assert quickest_counts({2: 1.0, 3: 0.97})[1] == 2


@needs_onednn
def test_counts_are_measured_with_the_products_given() -> None:
    counts = RowCounts()
    product = make_product(weight(), None, "packed", counts)
    counts.measure([product])
    for asked in range(1, 20):
        assert max(asked, 2) <= counts(asked) <= max(asked, 8)


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_a_stock_module_gets_its_weights_back(engine: ChatterboxEngine, stock: Any) -> None:
    t3 = copy.deepcopy(engine._model.t3)
    assert not all(parameter.numel() for parameter in t3.tfmr.parameters())
    restore(t3)
    expected = dict(stock.t3.tfmr.named_parameters())
    for name, parameter in t3.tfmr.named_parameters():
        assert torch.equal(parameter, expected[name]), name


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_weights_are_laid_out_once(engine: ChatterboxEngine) -> None:
    t3 = engine._model.t3
    assert lay_out(t3) is lay_out(t3)


@pytest.mark.parametrize("engine", ["english"], indirect=True)
def test_another_layout_is_made_of_the_same_weights(engine: ChatterboxEngine, stock: Any) -> None:
    t3 = copy.deepcopy(engine._model.t3)
    plain = lay_out(t3, "plain")
    attention = stock.t3.tfmr.layers[0].self_attn
    expected = torch.cat(
        [attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]
    )
    assert torch.equal(plain.layers[0].query_key_value.dense(), expected)
    assert plain.layers[0].query_key_value.dense()[0].data_ptr() == (
        t3.tfmr.layers[0].self_attn.q_proj.weight.data_ptr()
    )


@pytest.mark.parametrize("layout", ["int8", BF16])
@pytest.mark.parametrize("engine", ["english"], indirect=True)
def test_logits_are_not_rounded(engine: ChatterboxEngine, stock: Any, layout: Layout) -> None:
    head = lay_out(copy.deepcopy(engine._model.t3), layout).head
    hidden = torch.randn(3, head.inputs)
    with torch.inference_mode():
        torch.testing.assert_close(head(hidden), stock.t3.speech_head(hidden))
