"""A decoding step of few kernels, nine a layer, for an NVIDIA GPU with Triton.

Attention looks at what each row has, not at a length that all share: so one graph serves all
lengths, and no mask is made. Before it is used it is compared with what torch computes.
"""

from __future__ import annotations

import logging

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.t3.attention import KeyValueCache, attention_weights
from bot.speech.engines.chatterbox.t3.backbone import (
    Gpt2Backbone,
    LlamaBackbone,
    Tensor,
    added,
    rotate,
)
from bot.speech.engines.gpu_failures import is_gpu_failure

log = logging.getLogger(__name__)

_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.float16: 5e-3}
"""By how much of its norm a layer may differ: a few roundings."""


def open_fused(
    backbone: LlamaBackbone | Gpt2Backbone, cache: KeyValueCache, stride: int
) -> FusedStep | None:
    """Return the step where Triton has it and it computes what torch does; else None, and say why.

    stride: see `KeyValueCache.step`. Raises `EngineDeadError` where the GPU cannot be used after
    that.
    """
    try:
        step = FusedStep(backbone, cache, stride)
        step.check()
    except Exception as error:
        if is_gpu_failure(error):
            raise EngineDeadError(
                f"The GPU failed in a kernel of Mynah's own ({error}). Set [engine] fused = false."
            ) from None
        log.warning(
            "decoding with torch's kernels, which is slower; those of Mynah's own cannot be used "
            "here (%s: %s)",
            type(error).__name__,
            str(error).strip().partition("\n")[0],
        )
        return None
    return step


class FusedStep:
    """A step over the weights of a backbone and the keys and values of a cache.

    Raises `ImportError` without Triton.
    """

    def __init__(
        self, backbone: LlamaBackbone | Gpt2Backbone, cache: KeyValueCache, stride: int
    ) -> None:
        from bot.speech.engines.chatterbox.t3 import kernels

        self._kernels = kernels
        self._backbone, self._cache, self._stride = backbone, cache, stride
        self._llama = isinstance(backbone, LlamaBackbone)
        self._rotation = backbone.rotation if isinstance(backbone, LlamaBackbone) else None
        self._attention = kernels.Attention(cache.layer(0), self._rotation)

    def run(self, embeds: Tensor, positions: Tensor, watched: Tensor) -> Tensor:
        """Return the normalised hidden states (rows, dim) of `embeds` (rows, dim).

        positions: (rows,), see `KeyValueCache.step`, as is `watched`.
        """
        x = self._backbone.enter(embeds, positions)
        for index in range(self._backbone.layers):
            x = self._layer(index, x, positions, watched)
        return self._backbone.norm(x)

    def check(self) -> None:
        """Raise `ArithmeticError` where a layer is not what torch makes of it."""
        like = self._cache.layer(0)
        rows, context = like.shape[1], like.shape[3]
        dim = self._backbone.heads * self._backbone.head_dim
        generator = torch.Generator(like.device).manual_seed(0)
        x = torch.randn(rows, dim, generator=generator, device=like.device).to(like.dtype)
        like.normal_(generator=generator)
        # From the first position to the last.
        positions = torch.arange(rows, device=like.device) * (context - 1) // max(1, rows - 1)
        got = self._layer(0, x.clone(), positions, None)
        written = like.clone()
        attend = self._cache.step(positions, context, None, self._stride)
        expected = self._backbone.layer(0, x[:, None].clone(), positions[:, None], attend)[:, 0]
        differences = _difference(got, expected), _difference(written, like)
        like.zero_()
        if not max(differences) <= _TOLERANCE[like.dtype]:  # nor NaN
            raise ArithmeticError(f"they differ by {max(differences):.1e} from torch's")

    def _layer(self, index: int, x: Tensor, positions: Tensor, watched: Tensor | None) -> Tensor:
        part = self._llama_layer if self._llama else self._gpt2_layer
        return part(index, x, positions, watched)

    def _llama_layer(
        self, index: int, x: Tensor, positions: Tensor, watched: Tensor | None
    ) -> Tensor:
        block, products = self._backbone.block(index)
        norm = block.input_layernorm
        projected = products.query_key_value(
            self._kernels.rms_norm(x, norm.weight, norm.variance_epsilon)
        )
        attended = self._attend(index, projected, positions, watched)
        x = added(products.attended, x, attended)
        norm = block.post_attention_layernorm
        gate_up = products.up(self._kernels.rms_norm(x, norm.weight, norm.variance_epsilon))
        return added(products.down, x, self._kernels.gated(gate_up))

    def _gpt2_layer(
        self, index: int, x: Tensor, positions: Tensor, watched: Tensor | None
    ) -> Tensor:
        block, products = self._backbone.block(index)
        projected = products.query_key_value(block.ln_1(x))
        x = added(products.attended, x, self._attend(index, projected, positions, watched))
        up = products.up(block.ln_2(x))
        # What transformers writes as eight operations.
        is_tanh = type(block.mlp.act).__name__ == "NewGELUActivation"
        activated = F.gelu(up, approximate="tanh") if is_tanh else block.mlp.act(up)
        return added(products.down, x, activated)

    def _attend(
        self, index: int, projected: Tensor, positions: Tensor, watched: Tensor | None
    ) -> Tensor:
        cache = self._cache.layer(index)
        attended = self._attention(projected, cache, positions)
        if watched is not None and index in self._cache.watched:
            self._watch(index, projected, positions, watched)
        return attended

    def _watch(self, index: int, projected: Tensor, positions: Tensor, watched: Tensor) -> None:
        place, head = self._cache.watched[index]
        width = self._backbone.head_dim
        query = projected[:: self._stride, head * width : (head + 1) * width]
        positions = positions[:: self._stride]
        if self._rotation is not None:
            cos, sin = self._rotation
            query = rotate(query, cos[positions], sin[positions])
        keys = self._cache.layer(index)[0, :: self._stride, head]
        mask = torch.arange(keys.shape[1], device=keys.device) <= positions[:, None]
        watched[:, place] = attention_weights(query[:, None], keys, mask[:, None])[:, 0]


def _difference(got: Tensor, expected: Tensor) -> float:
    return float((got.float() - expected.float()).norm() / expected.float().norm())
