"""Drawn tokens on their way from the device, read some steps after they were drawn.

To wait for a token before the next step is started lets a GPU stand still meanwhile.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, NamedTuple, TypeVar

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor

STEPS_LATE = 2
"""On a GPU. So many steps are computed for nothing at the end of a text, and as many may be late in
being started before the GPU waits."""

Text = TypeVar("Text")


class Drawn(NamedTuple, Generic[Text]):
    """What one step drew.

    tokens: (slots,). texts: by slot, what was drawn for.
    """

    tokens: list[int]
    texts: dict[int, Text]


class TokenReader(Generic[Text]):
    """A queue of tokens of at most `slots` texts, which `late` steps fill."""

    def __init__(self, slots: int, device: Any, late: int) -> None:
        self.late = late
        on_gpu = device.type == "cuda"
        # Without pinned memory the host would wait in every copy.
        self._buffers = torch.empty(late + 1, slots, dtype=torch.long, pin_memory=on_gpu)
        self._events = [torch.cuda.Event() for _ in range(late + 1)] if on_gpu else []
        self._next = 0
        self._waiting: deque[tuple[int, int, dict[int, Text]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, tokens: Tensor, texts: dict[int, Text]) -> None:
        """Send tokens (slots,) of the device on their way; `late` + 1 may be under way."""
        index, self._next = self._next, (self._next + 1) % len(self._buffers)
        assert len(self._waiting) < len(self._buffers)
        self._buffers[index, : len(tokens)].copy_(tokens, non_blocking=True)
        if self._events:
            self._events[index].record()
        self._waiting.append((index, len(tokens), texts))

    def take(self) -> Drawn[Text]:
        """Return what was drawn first, after waiting for it."""
        index, count, texts = self._waiting.popleft()
        if self._events:
            self._events[index].synchronize()
        return Drawn(self._buffers[index, :count].tolist(), texts)

    def clear(self) -> None:
        """Forget what is under way."""
        self._waiting.clear()
