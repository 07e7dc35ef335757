"""Kernels in Triton for a decoding step on an NVIDIA GPU; importing this needs `triton`.

Every program computes a row by itself, in the same order whatever the other rows are, so a text's
rounding does not depend on its company. Sums are in float32 and are rounded once.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

Tensor = Any

SPLIT: int = 256
"""Positions of the cache for one program. It is fixed, because another one rounds differently."""

_BLOCK: int = 64
_WIDTH: int = 1024


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return the root mean square norm (Zhang and Sennrich 2019) of x (rows, dim)."""
    rows, dim = x.shape
    result = torch.empty_like(x)
    _rms_norm[(rows,)](x, weight, result, epsilon, dim, triton.next_power_of_2(dim))
    return result


def gated(gate_up: Tensor) -> Tensor:
    """Return silu(gate) * up of (rows, 2 * dim), the gates first."""
    rows, dim = gate_up.shape[0], gate_up.shape[1] // 2
    result = torch.empty(rows, dim, dtype=gate_up.dtype, device=gate_up.device)
    _gated[(rows, triton.cdiv(dim, _WIDTH))](gate_up, result, dim, _WIDTH)
    return result


class Attention:
    """Attention of one position per row over a cache (2, rows, heads, context, head_dim).

    rotation: cosines and sines (context, head_dim) of the rotary embedding; None without one.
    """

    def __init__(self, like: Tensor, rotation: tuple[Tensor, Tensor] | None) -> None:
        _, rows, heads, context, head_dim = like.shape
        self._splits = triton.cdiv(context, SPLIT)
        self._rotation = rotation
        scratch = (rows, heads, self._splits, head_dim + 2)
        self._parts = torch.empty(scratch, dtype=torch.float32, device=like.device)

    def __call__(self, projected: Tensor, cache: Tensor, positions: Tensor) -> Tensor:
        """Put keys and values in the cache and return what is attended to, (rows, dim).

        projected: (rows, 3 * dim), queries, keys and values of all heads, for the cache's first
        rows. positions: (rows,).
        """
        rows, (_, _, heads, context, head_dim) = len(projected), cache.shape
        cos, sin = self._rotation or (projected, projected)
        result = torch.empty(rows, heads * head_dim, dtype=projected.dtype, device=projected.device)
        _attend[(rows, heads, self._splits)](
            projected, cache[0], cache[1], cos, sin, positions, self._parts,
            context, cache.stride(1), heads, self._splits, head_dim**-0.5,
            self._rotation is not None, head_dim, SPLIT, _BLOCK,
        )  # fmt: skip
        _combine[(rows, heads)](
            self._parts, positions, result, heads, self._splits,
            triton.next_power_of_2(self._splits), head_dim, SPLIT,
        )  # fmt: skip
        return result


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _rms_norm(x, weight, result, epsilon, dim, WIDTH: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: N803
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, WIDTH)
    inside = at < dim
    value = tl.load(x + row * dim + at, mask=inside, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(value * value, axis=0) / dim + epsilon)
    factor = tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(result + row * dim + at, value * scale * factor, mask=inside)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _gated(gate_up, result, dim, WIDTH: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: N803
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    inside = at < dim
    gate = tl.load(gate_up + row * 2 * dim + at, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up + row * 2 * dim + dim + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(result + row * dim + at, gate * tl.sigmoid(gate) * up, mask=inside)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _turned(source, cos, sin, at, DIM: tl.constexpr, ROTARY: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: N803
    value = tl.load(source + at).to(tl.float32)
    if ROTARY:
        half = DIM // 2
        other = tl.load(source + (at + half) % DIM).to(tl.float32)
        other = tl.where(at < half, -other, other)
        value = value * tl.load(cos + at).to(tl.float32) + other * tl.load(sin + at).to(tl.float32)
    return value


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _attend(  # type: ignore[no-untyped-def]
    projected, keys, values, cos, sin, positions, parts, context, row_stride, heads, splits, scale,
    ROTARY: tl.constexpr, DIM: tl.constexpr, SPLIT: tl.constexpr, BLOCK: tl.constexpr,  # noqa: N803
):  # fmt: skip
    row, head, split = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    position = tl.load(positions + row)
    first = split * SPLIT
    if (first <= position) & (position < context):
        at = tl.arange(0, DIM)
        source = projected + (row * 3 * heads + head) * DIM
        angle = position * DIM
        query = _turned(source, cos + angle, sin + angle, at, DIM, ROTARY) * scale
        kind = keys.dtype.element_ty
        new_key = _turned(
            source + heads * DIM, cos + angle, sin + angle, at, DIM, ROTARY
        ).to(kind)  # fmt: skip
        new_value = tl.load(source + 2 * heads * DIM + at).to(kind)
        base = row * row_stride + head * context * DIM
        if position < first + SPLIT:
            tl.store(keys + base + position * DIM + at, new_key)
            tl.store(values + base + position * DIM + at, new_value)
        new_key, new_value = new_key.to(tl.float32), new_value.to(tl.float32)
        most = -float("inf")
        total = 0.0
        attended = tl.zeros((DIM,), dtype=tl.float32)
        last = tl.minimum(first + SPLIT, position + 1)
        for begin in range(first, last, BLOCK):
            n = begin + tl.arange(0, BLOCK)
            # What is new is not read back: another program may be about to write it.
            old = (n < position)[:, None]
            where = base + n[:, None] * DIM + at[None, :]
            key = tl.load(keys + where, mask=old, other=0.0).to(tl.float32)
            value = tl.load(values + where, mask=old, other=0.0).to(tl.float32)
            new = (n == position)[:, None]
            key = tl.where(new, new_key[None, :], key)
            value = tl.where(new, new_value[None, :], value)
            scores = tl.sum(key * query[None, :], axis=1)
            scores = tl.where(n <= position, scores, -float("inf"))
            highest = tl.maximum(most, tl.max(scores, axis=0))
            shrink = tl.exp(most - highest)
            weights = tl.exp(scores - highest)
            total = total * shrink + tl.sum(weights, axis=0)
            attended = attended * shrink + tl.sum(weights[:, None] * value, axis=0)
            most = highest
        part = parts + ((row * heads + head) * splits + split) * (DIM + 2)
        tl.store(part + at, attended)
        tl.store(part + DIM, most)
        tl.store(part + DIM + 1, total)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _combine(  # type: ignore[no-untyped-def]
    parts, positions, result, heads, splits,
    WIDTH: tl.constexpr, DIM: tl.constexpr, SPLIT: tl.constexpr,  # noqa: N803
):  # fmt: skip
    row, head = tl.program_id(0).to(tl.int64), tl.program_id(1)
    position = tl.load(positions + row)
    at, split = tl.arange(0, DIM), tl.arange(0, WIDTH)
    there = (split * SPLIT <= position) & (split < splits)
    part = parts + ((row * heads + head) * splits + split) * (DIM + 2)
    most = tl.load(part + DIM, mask=there, other=-float("inf"))
    weights = tl.exp(most - tl.max(most, axis=0))
    total = tl.sum(weights * tl.load(part + DIM + 1, mask=there, other=0.0), axis=0)
    attended = tl.load(part[:, None] + at[None, :], mask=there[:, None], other=0.0)
    attended = tl.sum(attended * weights[:, None], axis=0) / total
    tl.store(result + (row * heads + head) * DIM + at, attended)
