"""The weights of T3's layers as products, and back.

The stock module's weights become views of the joined ones, so nothing is held twice. Where a layout
of its own serves the processor better, the stock module's weights are let go of; `restore` gives
them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from bot.speech.engines.chatterbox.products import (
    Layout,
    Product,
    RowCounts,
    Tensor,
    can_pack,
    make_product,
)

_MEASURED_BYTES = 96 * 1024**2  # more than caches hold, so that weights come from the memory
_ATTRIBUTE = "mynah_weights"


@dataclass(frozen=True, slots=True)
class LayerProducts:
    """A layer's products with weights, in the order of their use.

    attended: what leads from attention back into the residual. up, down: the MLP's; of Llama, up
    holds the gate's projection, too.
    """

    query_key_value: Product
    attended: Product
    up: Product
    down: Product

    @property
    def products(self) -> tuple[Product, ...]:
        """All four."""
        return self.query_key_value, self.attended, self.up, self.down


@dataclass(frozen=True, slots=True)
class T3Weights:
    """The products of a T3, the output layer at the end, and how many rows they compute.

    made_for: device and type of the module that they were made of.
    """

    layout: Layout
    made_for: tuple[Any, Any]
    layers: list[LayerProducts]
    head: Product
    counts: RowCounts

    def measure(self) -> None:
        """Find out how many rows to compute for how many; see `RowCounts`."""
        measured: list[Product] = []
        for product in self._products():
            measured.append(product)
            if sum(product.nbytes for product in measured) >= _MEASURED_BYTES:
                break
        self.counts.measure(measured)

    def _products(self) -> Iterator[Product]:
        for layer in self.layers:
            yield from layer.products
        yield self.head


def lay_out(t3: Any, layout: Layout | None = None) -> T3Weights:
    """Return the weights of a stock T3 as products, which it keeps.

    layout: None takes "packed" where the processor has it, else "plain". What was laid out so
    already stays as it is.
    """
    if layout is None:
        layout = _best(t3)
    kept: T3Weights | None = getattr(t3, _ATTRIBUTE, None)
    if kept is not None and (kept.layout, kept.made_for) == (layout, _kind(t3)):
        return kept
    restore(t3)
    counts = RowCounts()
    blocks = t3.tfmr.h if t3.is_gpt else t3.tfmr.layers
    layers = [
        LayerProducts(*(_product(part, layout, counts) for part in _parts(block, gpt=t3.is_gpt)))
        for block in blocks
    ]
    # Logits are not rounded: guidance takes the difference of two.
    exact: Layout = "plain" if layout == "plain" else _best(t3)
    head = make_product(t3.speech_head.weight.data, _bias(t3.speech_head), exact, counts)
    weights = T3Weights(layout, _kind(t3), layers, head, counts)
    if layout in ("packed", "bf16"):
        weights.measure()
    setattr(t3, _ATTRIBUTE, weights)
    return weights


def layout_of(t3: Any) -> Layout | None:
    """Return how the weights of a stock T3 are laid out, if they are."""
    weights: T3Weights | None = getattr(t3, _ATTRIBUTE, None)
    return None if weights is None else weights.layout


def restore(t3: Any) -> None:
    """Give a stock T3 its weights back, as torch holds them; of 8 bits, what is left of them."""
    weights: T3Weights | None = getattr(t3, _ATTRIBUTE, None)
    if weights is None:
        return
    blocks = t3.tfmr.h if t3.is_gpt else t3.tfmr.layers
    for block, layer in zip(blocks, weights.layers, strict=True):
        for part, product in zip(_parts(block, gpt=t3.is_gpt), layer.products, strict=True):
            _give_back(part, product.dense().to(*_kind(t3)))
    delattr(t3, _ATTRIBUTE)


def _best(t3: Any) -> Layout:
    return "packed" if can_pack(t3.speech_head.weight) else "plain"


def _kind(t3: Any) -> tuple[Any, Any]:
    weight = t3.speech_head.weight
    return weight.device, weight.dtype


def _parts(block: Any, *, gpt: bool) -> tuple[list[Any], ...]:
    """Return the modules of a layer's products, those together that share their input."""
    if gpt:
        attention, mlp = block.attn, block.mlp
        return ([attention.c_attn], [attention.c_proj], [mlp.c_fc], [mlp.c_proj])
    attention, mlp = block.self_attn, block.mlp
    return (
        [attention.q_proj, attention.k_proj, attention.v_proj],
        [attention.o_proj],
        [mlp.gate_proj, mlp.up_proj],
        [mlp.down_proj],
    )


def _product(modules: list[Any], layout: Layout, counts: RowCounts) -> Product:
    bias = _bias(modules[0])
    if layout == "plain":
        return make_product(_join(modules), bias, layout, counts)
    weight = torch.cat([_weight(module) for module in modules])
    product = make_product(weight, bias, layout, counts)
    for module in modules:
        module.weight.data = module.weight.data.new_empty(0)
    return product


def _join(modules: list[Any]) -> Tensor:
    if len(modules) == 1:
        return _weight(modules[0])
    joined = torch.cat([_weight(module) for module in modules])
    parts = joined.split([len(_weight(module)) for module in modules])
    for module, part in zip(modules, parts, strict=True):
        module.weight.data = part
    return joined


def _weight(module: Any) -> Tensor:
    # GPT-2's modules of transformers hold their weights the other way round.
    return module.weight.data.t() if _is_turned(module) else module.weight.data


def _is_turned(module: Any) -> bool:
    return type(module).__name__ == "Conv1D"


def _bias(module: Any) -> Tensor | None:
    return None if module.bias is None else module.bias.data


def _give_back(modules: list[Any], weight: Tensor) -> None:
    if _is_turned(modules[0]):
        modules[0].weight.data = weight.t().contiguous()
        return
    for module, part in zip(modules, weight.chunk(len(modules)), strict=True):
        module.weight.data = part.clone()
