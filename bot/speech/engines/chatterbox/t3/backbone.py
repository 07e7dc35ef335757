"""The two transformers that T3 comes with, a layer at a time, so that attention can be ours.

Both compute what the modules of `transformers` compute, from the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.speech.engines.chatterbox.products import Layout, PlainProduct, Product
from bot.speech.engines.chatterbox.products import Tensor as Tensor  # the others take it from here
from bot.speech.engines.chatterbox.t3.weights import LayerProducts, lay_out, restore

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""Takes the layer and its queries, keys and values (rows, heads, length, head_dim), remembers the
keys and values, and returns what the queries attend to, in the same shape."""


class Backbone(Protocol):
    """A decoder-only transformer over embeddings."""

    layers: int
    heads: int
    head_dim: int

    head: Product
    """The output layer."""

    def run(self, embeds: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """Return the normalised hidden states of `embeds` (rows, length, dim) at `positions`.

        positions: (rows, length), counted from each row's first embedding.
        """


class LlamaBackbone:
    """T3's Llama: the English and the multilingual model.

    The query, key and value projections are one matrix product, as are the gate and up projections
    of the MLP.
    """

    def __init__(self, t3: Any, context: int, products: list[LayerProducts], head: Product) -> None:
        config = t3.cfg
        self.layers = len(t3.tfmr.layers)
        self.heads, self.head_dim = config.num_attention_heads, config.head_dim
        self.head = head
        self._blocks = list(t3.tfmr.layers)
        self._norm = t3.tfmr.norm
        self._products = products
        everywhere = torch.arange(context, device=t3.device)[None]
        like = t3.speech_head.weight[:1, None]
        cos, sin = t3.tfmr.rotary_emb(like, everywhere)
        self.rotation = cos[0], sin[0]

    def run(self, embeds: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """See `Backbone`."""
        angles = self._angles(positions)
        x = self.enter(embeds, positions)
        for index in range(self.layers):
            x = self._layer(index, x, angles, attend)
        return self.norm(x)

    def enter(self, embeds: Tensor, positions: Tensor) -> Tensor:
        """Return what the first layer takes for embeddings at `positions`."""
        del positions  # the layers turn queries and keys by them
        return embeds

    def norm(self, x: Tensor) -> Tensor:
        """Return what comes after the last layer."""
        return _rms_norm(self._norm, x)

    def block(self, index: int) -> tuple[Any, LayerProducts]:
        """Return a layer's stock module, for its norms, and its products."""
        return self._blocks[index], self._products[index]

    def layer(self, index: int, x: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """Return what a layer makes of x (rows, length, dim)."""
        return self._layer(index, x, self._angles(positions), attend)

    def _angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = self.rotation
        return cos[positions][:, None], sin[positions][:, None]

    def _layer(
        self, index: int, x: Tensor, angles: tuple[Tensor, Tensor], attend: Attend
    ) -> Tensor:
        block, products = self.block(index)
        rows, length, _ = x.shape
        projected = products.query_key_value(_rms_norm(block.input_layernorm, x))
        heads = projected.view(rows, length, 3 * self.heads, self.head_dim).transpose(1, 2)
        rotated = rotate(heads[:, : 2 * self.heads], *angles)
        query, key = rotated.split(self.heads, dim=1)
        attended = attend(index, query, key, heads[:, 2 * self.heads :])
        x = added(products.attended, x, attended.transpose(1, 2).reshape(rows, length, -1))
        joined = products.up(_rms_norm(block.post_attention_layernorm, x))
        gate, up = joined.chunk(2, dim=-1)
        return added(products.down, x, F.silu(gate) * up)


class Gpt2Backbone:
    """T3's GPT-2: the turbo model."""

    def __init__(self, t3: Any, products: list[LayerProducts], head: Product) -> None:
        self.layers = len(t3.tfmr.h)
        self.heads = t3.cfg.num_attention_heads
        self.head_dim = t3.cfg.hidden_size // self.heads
        self.head = head
        self._transformer = t3.tfmr
        self._products = products

    def run(self, embeds: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """See `Backbone`."""
        x = self.enter(embeds, positions)
        for index in range(self.layers):
            x = self.layer(index, x, positions, attend)
        return self.norm(x)

    def norm(self, x: Tensor) -> Tensor:
        """Return what comes after the last layer."""
        return self._transformer.ln_f(x)

    def enter(self, embeds: Tensor, positions: Tensor) -> Tensor:
        """Return what the first layer takes for embeddings at `positions`."""
        return embeds + self._transformer.wpe(positions)

    def block(self, index: int) -> tuple[Any, LayerProducts]:
        """Return a layer's stock module, for its norms, and its products."""
        return self._transformer.h[index], self._products[index]

    def layer(self, index: int, x: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """Return what a layer makes of x (rows, length, dim)."""
        del positions  # known by the embeddings
        rows, length, _ = x.shape
        block, products = self.block(index)
        projected = products.query_key_value(block.ln_1(x))
        heads = projected.view(rows, length, 3 * self.heads, self.head_dim).transpose(1, 2)
        query, key, value = heads.split(self.heads, dim=1)
        attended = attend(index, query, key, value)
        x = added(products.attended, x, attended.transpose(1, 2).reshape(rows, length, -1))
        # What `transformers` calls gelu_new, in one kernel instead of eight.
        raised = F.gelu(products.up(block.ln_2(x)), approximate="tanh")
        return added(products.down, x, raised)


def positions_from(start: int, embeds: Tensor) -> Tensor:
    """Return the positions (rows, length) of embeddings, of which the first has this one."""
    rows, length, _ = embeds.shape
    return torch.arange(start, start + length, device=embeds.device)[None].expand(rows, -1)


def set_precision(t3: Any, dtype: Any) -> None:
    """Let a stock T3 compute in `dtype`, but for the angles of its rotary embedding.

    Rounded to 8 bits, their frequencies would be off by radians after some hundred positions.
    """
    restore(t3)
    rotary = getattr(t3.tfmr, "rotary_emb", None)
    frequencies = None if rotary is None else rotary.inv_freq.clone()
    t3.to(dtype)
    if rotary is not None:
        rotary.inv_freq = frequencies


def open_backbone(
    t3: Any, context: int, layout: Layout | None = None
) -> LlamaBackbone | Gpt2Backbone:
    """Return the backbone of a stock T3, for sequences of at most `context` embeddings.

    layout: of the weights, which the stock module may lose by it; see `lay_out`.
    """
    weights = lay_out(t3, layout)
    if t3.is_gpt:
        return Gpt2Backbone(t3, weights.layers, weights.head)
    return LlamaBackbone(t3, context, weights.layers, weights.head)


def _rms_norm(norm: Any, x: Tensor) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), norm.weight, norm.variance_epsilon)


def added(product: Product, x: Tensor, inputs: Tensor) -> Tensor:
    """Return x + product(inputs), which may become x; on a GPU one kernel can do both."""
    if x.device.type == "cuda" and isinstance(product, PlainProduct):
        return product.add_to(x, inputs)
    return x + product(inputs)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021), halves as `transformers` pairs them."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin
