"""The multilingual model's guard: where in the text the speech is, by stock's own analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor


class Guard(Protocol):
    """Looks at what a text's decoding attends to and may change its next logits."""

    def look(self, attention: Sequence[Tensor], logits: Tensor, last_token: int) -> Tensor:
        """Return the logits (1, vocabulary) to go on with.

        attention: of each watched head, (positions so far, positions so far) at first, then
        (1, positions so far).
        """


def watched_heads(t3: Any) -> Sequence[tuple[int, int]]:
    """Return the (layer, head) pairs that the model's guard looks at; none without a guard."""
    if not t3.hp.is_multilingual:
        return ()
    from chatterbox.models.t3.inference import alignment_stream_analyzer

    heads: Sequence[tuple[int, int]] = alignment_stream_analyzer.LLAMA_ALIGNED_HEADS
    return heads


def new_guard(t3: Any, text: tuple[int, int]) -> Guard | None:
    """Return a guard for a text at positions `text` (start, end) of its prefix, or None.

    Stock's analyser listens with hooks on the transformer, which it never removes, and turns its
    fast attention off for good. Here it is handed what it wants to know.
    """
    if not t3.hp.is_multilingual:
        return None
    from chatterbox.models.t3.inference.alignment_stream_analyzer import AlignmentStreamAnalyzer

    class HandedAnalyzer(AlignmentStreamAnalyzer):  # type: ignore[misc]  # untyped package
        def _add_attention_spy(self, *_hook: object) -> None:
            """Not needed."""

    return _StockGuard(HandedAnalyzer(None, None, text, eos_idx=t3.hp.stop_speech_token))


class _StockGuard:
    def __init__(self, analyzer: Any) -> None:
        self._analyzer: Any = analyzer

    def look(self, attention: Sequence[Tensor], logits: Tensor, last_token: int) -> Tensor:
        if self._analyzer is None:
            return logits
        self._analyzer.last_aligned_attns = [weights.cpu() for weights in attention]
        try:
            # The analyser writes to the logits it is given.
            changed = self._analyzer.step(logits.clone(), next_token=last_token)
        except IndexError:
            # It trips over a text of one or two letters once that is said; stock ends with it.
            self._analyzer = None
            return logits
        return torch.as_tensor(changed)
