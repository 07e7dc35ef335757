"""A key-value cache of fixed size, and attention over it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.speech.engines.chatterbox.t3.backbone import Attend, Backbone, Tensor


class KeyValueCache:
    """Keys and values of `rows` sequences of up to `context` positions each.

    Every row counts its positions from 0 and is masked by its own length, so that sequences of any
    length share a step without padding, and one can begin while others go on.

    watched: (layer, head) pairs whose attention is kept, for `StepAttention.watched`.
    """

    def __init__(
        self,
        backbone: Backbone,
        rows: int,
        context: int,
        like: Tensor,
        watched: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.context = context
        shape = (backbone.layers, 2, rows, backbone.heads, context, backbone.head_dim)
        self._cache = _zeros(shape, like)
        # What GPU kernels take. A mask of booleans is turned into it in every layer anew.
        self._additive = like.device.type == "cuda"
        # By layer: which of them it is, and the head.
        self.watched = {layer: (index, head) for index, (layer, head) in enumerate(watched)}

    def layer(self, index: int) -> Tensor:
        """Return a layer's keys and values, (2, rows, heads, context, head_dim)."""
        return self._cache[index]

    def copy(self, row: int, length: int) -> Tensor:
        """Return what a row holds of its first positions, for `fill`."""
        return self._cache[:, :, row, :, :length].clone()

    def fill(self, row: int, held: Tensor) -> None:
        """Let a row begin with what `copy` returned."""
        self._cache[:, :, row, :, : held.shape[-2]] = held

    def prefill(self, first: int, seen: list[Tensor], start: int = 0) -> Attend:
        """Return causal attention that fills rows `first` and following from position `start`.

        What the watched heads of row `first` attend to is put in `seen`, each (length, length),
        if it starts at 0.
        """

        def attend(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            rows, _, length, _ = query.shape
            part = self._cache[layer, :, first : first + rows, :, : start + length]
            part[0, ..., start:, :], part[1, ..., start:, :] = key, value
            if start:
                mask = torch.ones(length, start + length, dtype=torch.bool, device=key.device)
                return F.scaled_dot_product_attention(query, *part, mask.tril(start))
            if layer in self.watched:
                mask = torch.ones(length, length, dtype=torch.bool, device=key.device).tril()
                index, head = self.watched[layer]
                seen[index] = attention_weights(query[0, head], key[0, head], mask)
            return F.scaled_dot_product_attention(query, key, value, is_causal=True)

        return attend

    def step(self, positions: Tensor, length: int, watched: Tensor | None, stride: int) -> Attend:
        """Return attention of one position per row, over the first `length` positions or all.

        positions: (rows,), where each row's key and value are put; it sees these and what is
        before. watched: (rows / stride, heads, context) to be filled for every row of `stride`,
        where it is given.
        """
        length = min(length, self.context)
        mask = torch.arange(length, device=positions.device) <= positions[:, None]
        bias = mask[:, None, None]
        if self._additive:
            bias = torch.zeros_like(bias, dtype=self._cache.dtype).masked_fill_(~bias, -math.inf)

        rows = torch.arange(len(positions), device=positions.device)

        def put(held: Tensor, new: Tensor) -> None:
            if self._additive:
                held.scatter_(2, positions[:, None, None, None].expand_as(new), new)
            else:  # on a CPU, scattering copies all that is held
                held[rows, :, positions] = new[:, :, 0]

        def attend(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            keys, values = self._cache[layer, :, : len(positions)]
            put(keys, key)
            put(values, value)
            keys, values = keys[:, :, :length], values[:, :, :length]
            if watched is not None and layer in self.watched:
                index, head = self.watched[layer]
                row = attention_weights(
                    query[::stride, head], keys[::stride, head], mask[::stride, None]
                )
                watched[:, index, :length] = row[:, 0]
            return F.scaled_dot_product_attention(query, keys, values, bias)

        return attend


def _zeros(shape: tuple[int, ...], like: Tensor) -> Tensor:
    if like.device.type != "cpu":
        return torch.zeros(shape, dtype=like.dtype, device=like.device)
    # torch writes its zeros; the system hands NumPy pages that take memory when they are used, and
    # most texts end long before the context does.
    count = math.prod(shape) * like.element_size()
    return torch.from_numpy(np.zeros(count, np.uint8)).view(like.dtype).view(shape)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor) -> Tensor:
    """Return by how much each query attends to each key, in float32."""
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1, dtype=torch.float32)
