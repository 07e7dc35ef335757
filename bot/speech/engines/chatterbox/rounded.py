"""S3Gen's products in bfloat16 on a CPU; all else stays in float32.

The sums of a product are kept in float32, and so are residuals, norms, convolutions and the steps
of the solver. So less is lost than with a whole estimator in bfloat16, and nearly as much time
saved.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.speech.engines.chatterbox.products import PackedProduct, RowCounts, Tensor


class RoundedLinear(torch.nn.Module):  # type: ignore[misc]  # torch is not installed for mypy
    """A linear layer that takes and gives float32 and multiplies in bfloat16."""

    def __init__(self, linear: Any) -> None:
        super().__init__()
        self._product = _product(linear.weight, linear.bias)

    def forward(self, x: Tensor, *_scale: Any) -> Tensor:
        """Return the product (..., outputs)."""
        return self._product(x)


class RoundedAttention(torch.nn.Module):  # type: ignore[misc]  # as above
    """The self-attention of `diffusers` between float32 and float32.

    Its scores are rounded as its queries and keys are: torch's fused attention, which keeps them
    exact, is no quicker in bfloat16 than in float32.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self._heads = attention.heads
        parts = [attention.to_q.weight * attention.scale, attention.to_k.weight]
        self._query_key_value = _product(torch.cat([*parts, attention.to_v.weight]), None)
        out = attention.to_out[0]
        self._out = _product(out.weight, out.bias.bfloat16())

    def forward(
        self, x: Tensor, encoder_hidden_states: None = None, attention_mask: Tensor | None = None
    ) -> Tensor:
        """Return what x (rows, length, dim) attends to.

        attention_mask: added to the scores, (rows, length, length).
        """
        assert encoder_hidden_states is None
        rows, length, _ = x.shape
        parts = self._query_key_value(x.bfloat16()).view(rows, length, 3, self._heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2)
        if attention_mask is not None:
            scores = scores + attention_mask[:, None].bfloat16()
        attended = scores.softmax(-1) @ value
        return self._out(attended.transpose(1, 2).reshape(rows, length, -1)).to(x.dtype)


class RoundedFeedForward(torch.nn.Module):  # type: ignore[misc]  # as above
    """The feed-forward network of `diffusers` with GELU, between float32 and float32."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        activation, _, down = network.net
        self._approximate = activation.approximate
        self._up = _product(activation.proj.weight, activation.proj.bias.bfloat16())
        self._down = _product(down.weight, down.bias.bfloat16())

    def forward(self, x: Tensor) -> Tensor:
        """Return what it makes of x (..., dim)."""
        raised = F.gelu(self._up(x.bfloat16()), approximate=self._approximate)
        return self._down(raised).to(x.dtype)


def round_products(flow: Any) -> None:
    """Let the encoder and the estimator of a stock flow multiply in bfloat16."""
    for part in (flow.encoder, flow.decoder.estimator):
        _replace(part)


def _replace(module: Any) -> None:
    for name, child in list(module.named_children()):
        rounded = _rounded(child)
        if rounded is None:
            _replace(child)
        else:
            setattr(module, name, rounded)


def _rounded(module: Any) -> Any:
    """Return what takes the place of a module; None where only its parts are replaced."""
    if isinstance(module, torch.nn.Linear):
        return RoundedLinear(module)
    if type(module).__name__ == "Attention" and module.to_q.bias is None:
        return RoundedAttention(module)
    if type(module).__name__ == "FeedForward" and type(module.net[0]).__name__ == "GELU":
        return RoundedFeedForward(module)
    return None


def _product(weight: Tensor, bias: Tensor | None) -> PackedProduct:
    with torch.no_grad():
        bias = None if bias is None else bias.detach()
        return PackedProduct(weight.detach().bfloat16(), bias, RowCounts())
