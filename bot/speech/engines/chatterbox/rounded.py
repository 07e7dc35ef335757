"""S3Gen's linear layers in bfloat16 on a CPU; all else stays in float32.

The sums of a product are kept in float32, and so are residuals, norms, attention and the steps of
the solver. So less is lost than with a whole estimator in bfloat16, and nearly as much time saved.
"""

from __future__ import annotations

from typing import Any

import torch

from bot.speech.engines.chatterbox.products import PackedProduct, RowCounts, Tensor


class RoundedLinear(torch.nn.Module):  # type: ignore[misc]  # torch is not installed for mypy
    """A linear layer that takes and gives float32 and multiplies in bfloat16."""

    def __init__(self, linear: Any) -> None:
        super().__init__()
        self._bias = None if linear.bias is None else linear.bias.data
        self._product = PackedProduct(linear.weight.data.bfloat16(), None, RowCounts())

    def forward(self, x: Tensor, *_scale: Any) -> Tensor:
        """Return the product (..., outputs)."""
        product = self._product(x)
        return product if self._bias is None else product.add_(self._bias)


def round_products(flow: Any) -> None:
    """Let the encoder and the estimator of a stock flow multiply in bfloat16."""
    for part in (flow.encoder, flow.decoder.estimator):
        for module in list(part.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, torch.nn.Linear):
                    setattr(module, name, RoundedLinear(child))
