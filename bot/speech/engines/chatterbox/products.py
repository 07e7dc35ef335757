"""Matrix products with weights, on a CPU from a layout of their own.

`F.linear` hands a few rows to kernels that read the weights several times, and repacks the weights
for many. oneDNN takes weights that were laid out once, and is quick with any number of rows: on two
AVX-512 cores a layer of T3 took 0.5 to 0.9 times what the better of `F.linear` and the transposed
product takes. It adds up a row in one order whatever the other rows are, from two rows on, so a
sentence's rounding does not depend on its company; `F.linear` and the transposed product have other
kernels for other numbers of rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

Tensor: TypeAlias = Any
"""A torch tensor; torch is not installed where types are checked."""

Layout = Literal["plain", "packed", "bf16", "int8"]
"""How weights are held: as they are; as oneDNN reads them; the same, but rounded to bfloat16; as 8
bits."""

_LEAST_ROWS = 2  # a single row is added up in another order
_MOST_MEASURED_ROWS = 8
_ROUNDS = 4
_WORTH_IT = 0.95  # of the time without further rows
_PACKED_FOR_ROWS = 8  # a hint; the layout serves any number


class Product(Protocol):
    """`x @ weight.t() + bias` for x (..., inputs), in the type of x."""

    inputs: int
    nbytes: int
    """Of the weights, which every call reads."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return the product (..., outputs)."""

    def dense(self) -> Tensor:
        """Return the weight (outputs, inputs) as a plain tensor."""


class RowCounts:
    """How many rows the products of a decoding step compute for the rows that are asked for.

    Kernels for some numbers of rows are slower than those for a few more. What is added is thrown
    away and changes no other row, so this decides about time alone.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def __call__(self, rows: int) -> int:
        """Return how many rows to compute."""
        return self._counts.get(rows, max(rows, _LEAST_ROWS))

    def measure(self, products: Sequence[Product]) -> None:
        """Try with some of the products what is quickest; 0.1 GB of them take 0.3 s."""
        self._counts = {}
        counts = range(_LEAST_ROWS, _MOST_MEASURED_ROWS + 1)
        seconds = dict.fromkeys(counts, float("inf"))
        for _ in range(_ROUNDS):  # by turns, so that a disturbance meets all of them
            for count in counts:
                seconds[count] = min(seconds[count], _time(products, count))
        self._counts = quickest_counts(seconds)


def quickest_counts(seconds: dict[int, float]) -> dict[int, int]:
    """Return for each number of rows the one to compute, from what the numbers take."""
    chosen = {}
    for rows in range(1, max(seconds) + 1):
        enough = {count: taken for count, taken in seconds.items() if count >= rows}
        fewest, quickest = min(enough), min(enough, key=lambda count: enough[count])
        gains = enough[quickest] < _WORTH_IT * enough[fewest]
        chosen[rows] = quickest if gains else fewest
    return chosen


class PlainProduct:
    """What torch does by itself."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self._weight, self._bias = weight, bias
        self.inputs, self.nbytes = weight.shape[1], weight.nbytes

    def __call__(self, x: Tensor) -> Tensor:
        """See `Product`."""
        return F.linear(x, self._weight, self._bias)

    def add_to(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return x + product(inputs), rounded once; x is written to."""
        flat = inputs.reshape(-1, self.inputs)
        x.view(-1, x.shape[-1]).addmm_(flat, self._weight.t())
        return x if self._bias is None else x.add_(self._bias)

    def dense(self) -> Tensor:
        """See `Product`."""
        return self._weight


class PackedProduct:
    """By oneDNN, in the type of the weights (float32 or bfloat16), from a layout of its own.

    bias: in a finer type than the weights' it is added to the product in that of the input.
    counts: see `RowCounts`.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, counts: RowCounts) -> None:
        self.inputs, self.nbytes = weight.shape[1], weight.nbytes
        self._dtype, self._outputs = weight.dtype, len(weight)
        self._packed = torch.ops.mkldnn._reorder_linear_weight(
            weight.contiguous(), _PACKED_FOR_ROWS
        )
        self._counts = counts
        finer = bias is not None and bias.dtype != weight.dtype
        self._bias: Tensor | None = None if finer else bias
        self._added: Tensor | None = bias if finer else None

    def __call__(self, x: Tensor) -> Tensor:
        """See `Product`."""
        flat = x.reshape(-1, x.shape[-1]).to(self._dtype)
        rows = len(flat)
        added = self._counts(rows) - rows
        if added:
            flat = F.pad(flat, (0, 0, 0, added))
        result = torch.ops.mkldnn._linear_pointwise(flat, self._packed, self._bias, "none", [], "")
        result = result[:rows].to(x.dtype).view(*x.shape[:-1], self._outputs)
        return result if self._added is None else result.add_(self._added)

    def dense(self) -> Tensor:
        """See `Product`."""
        return self._packed.to_dense()

    def __deepcopy__(self, _memo: dict[int, Any]) -> PackedProduct:
        return self  # it is never written to, and torch cannot copy the layout


class QuantisedProduct:
    """With weights of 8 bits, a scale for each output, and inputs rounded to 8 bits, too.

    torch's kernel takes one scale for all rows. So each row is divided by its largest value first,
    and a row is added that has the whole range: then no row is rounded by the measure of another.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        scales = (weight.abs().amax(1) / 127).clamp(min=1e-12).double()
        zeros = torch.zeros(len(weight), dtype=torch.long)
        quantised = torch.quantize_per_channel(weight.float(), scales, zeros, 0, torch.qint8)
        self._packed = torch.ops.quantized.linear_prepack(quantised, None)
        self._bias = bias
        self._range = torch.ones(1, weight.shape[1])
        self._range[0, ::2] = -1
        self.inputs, self.nbytes = weight.shape[1], weight.numel()

    def __call__(self, x: Tensor) -> Tensor:
        """See `Product`."""
        flat = x.reshape(-1, x.shape[-1])
        largest = flat.abs().amax(1, keepdim=True).clamp(min=1e-12)
        levelled = torch.cat([flat / largest, self._range])
        # Half of the range: without VNNI, sums of full ones would overflow.
        product = torch.ops.quantized.linear_dynamic(levelled, self._packed, True)[:-1] * largest
        if self._bias is not None:
            product += self._bias
        return product.view(*x.shape[:-1], -1)

    def dense(self) -> Tensor:
        """See `Product`; what is left of the weights."""
        weight, _ = torch.ops.quantized.linear_unpack(self._packed)
        return weight.dequantize()

    def __deepcopy__(self, _memo: dict[int, Any]) -> QuantisedProduct:
        return self


def can_pack(weight: Tensor) -> bool:
    """Whether oneDNN takes weights of this device and type in a layout of its own."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return bool(weight.dtype == torch.float32)


def make_product(
    weight: Tensor, bias: Tensor | None, layout: Layout, counts: RowCounts
) -> PlainProduct | PackedProduct | QuantisedProduct:
    """Return the product with a weight (outputs, inputs) in a layout."""
    if layout == "packed":
        return PackedProduct(weight, bias, counts)
    if layout == "bf16":
        return PackedProduct(weight.bfloat16(), bias, counts)
    if layout == "int8":
        return QuantisedProduct(weight, bias)
    return PlainProduct(weight, bias)


def _time(products: Sequence[Product], rows: int) -> float:
    inputs = [torch.ones(rows, product.inputs) for product in products]
    start = time.perf_counter()
    for product, x in zip(products, inputs, strict=True):
        product(x)
    return time.perf_counter() - start
