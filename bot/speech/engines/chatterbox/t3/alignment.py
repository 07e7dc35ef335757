"""The multilingual model's guard: where in the text the speech is, by stock's own analysis."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor


class Verdict(enum.IntEnum):
    """What a guard wants of the next draw."""

    NOTHING = 0
    NO_END = 1
    """The end token must not come."""
    END = 2
    """The end token must come."""


class Guard(Protocol):
    """Looks at what a text's decoding attends to, and may forbid or force its end."""

    def look(self, attention: Sequence[Tensor], last_token: int) -> Verdict:
        """Say what is to become of the next draw.

        attention: of each watched head, on the CPU, (positions so far, positions so far) at first,
        then (1, positions so far).
        """


_OUT_OF_QUESTION, _CERTAIN = -(2.0**15), 2.0**15


def heed(logits: Tensor, verdicts: Sequence[Verdict], end: int) -> None:
    """Change logits (slots, vocabulary) in place as stock's analyser does for a verdict each."""
    told = torch.tensor(verdicts, device="cpu").to(logits.device, non_blocking=True)[:, None]
    logits.masked_fill_(told == Verdict.END, _OUT_OF_QUESTION)
    last = logits[:, end : end + 1]
    last.masked_fill_(told == Verdict.NO_END, _OUT_OF_QUESTION)
    last.masked_fill_(told == Verdict.END, _CERTAIN)


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

    return _StockGuard(HandedAnalyzer(None, None, text, eos_idx=_END_OF_TWO))


_END_OF_TWO = 1


class _StockGuard:
    def __init__(self, analyzer: Any) -> None:
        self._analyzer: Any = analyzer

    def look(self, attention: Sequence[Tensor], last_token: int) -> Verdict:
        if self._analyzer is None:
            return Verdict.NOTHING
        self._analyzer.last_aligned_attns = list(attention)
        try:
            # It changes the logits that it is given without reading them; two tell what it wants.
            other, end = self._analyzer.step(torch.zeros(1, 2), next_token=last_token)[0].tolist()
        except IndexError:
            # It trips over a text of one or two letters once that is said; stock ends with it.
            self._analyzer = None
            return Verdict.NOTHING
        if other:
            return Verdict.END
        return Verdict.NO_END if end else Verdict.NOTHING
