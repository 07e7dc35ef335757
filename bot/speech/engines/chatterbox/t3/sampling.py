"""Which token comes next: what the logits processors of `transformers` do, for rows of their own.

Sampling is done in float32, whatever the model computes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import torch

from bot.speech.engines.chatterbox.t3.backbone import Tensor

_NOTHING = float("-inf")

UNSOUND = -1
"""In place of a token where the logits were not finite."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one text's tokens are drawn; the meanings are those of stock `generate`.

    cfg_weight: 0 turns classifier-free guidance off. temperature, repetition_penalty: above 0.
    min_p, top_p: 0 to 1.
    """

    cfg_weight: float = 0.5
    temperature: float = 0.8
    repetition_penalty: float = 1.2
    min_p: float = 0.05
    top_p: float = 1.0


class Sampler:
    """The settings, the history and the random numbers of every slot.

    penalty_first: Llama's order of steps (penalty, temperature, min-p, top-p); otherwise GPT-2's
    (temperature, top-k, top-p, penalty).
    """

    def __init__(
        self, slots: int, vocabulary: int, *, penalty_first: bool, top_k: int, device: object
    ) -> None:
        self._penalty_first, self._top_k = penalty_first, top_k
        self._device = device
        self._settings = torch.ones(len(astuple(Sampling())), slots, 1, device=device)
        self._top_p = [1.0] * slots
        self._seen = torch.zeros(slots, vocabulary, dtype=torch.bool, device=device)
        self._noise = torch.ones(slots, vocabulary, device=device)
        self._generators = [torch.Generator(device=device) for _ in range(slots)]

    def start(self, slot: int, sampling: Sampling, seed: int, first_token: int) -> None:
        """Begin a text in `slot`, whose history holds its start token."""
        *settings, top_p = astuple(sampling)
        # 1 - top_p is rounded once, as in `transformers`.
        self._settings[:, slot, 0] = torch.tensor([*settings, 1 - top_p], device=self._device)
        self._top_p[slot] = sampling.top_p
        self.forget(slot)
        self._seen[slot, first_token] = True
        self._generators[slot].manual_seed(seed)

    def forget(self, slot: int) -> None:
        """Empty the history of `slot`."""
        self._seen[slot] = False

    def end(self, slot: int) -> None:
        """Let `slot` cost nothing more."""
        self._top_p[slot] = 1.0

    def random_state(self, slot: int) -> Tensor:
        """Return the state of the slot's generator, to go on drawing from elsewhere."""
        return self._generators[slot].get_state()

    def needs_sorting(self, slots: int) -> bool:
        """Whether one of the first `slots` slots samples from a nucleus (top-p below 1)."""
        return any(top_p < 1.0 for top_p in self._top_p[:slots])

    def note(self, tokens: Tensor) -> None:
        """Add one token (slots,) to the history of each of the first slots."""
        self._seen[: len(tokens)].scatter_(1, tokens[:, None], True)

    def guide(self, logits: Tensor, first: int = 0) -> Tensor:
        """Combine logits (slots, 1 or 2, vocabulary) by classifier-free guidance, in float32."""
        conditional = logits[:, 0].float()
        if logits.shape[1] == 1:
            return conditional
        weight = self._settings[0, first : first + len(logits)]
        return conditional + weight * (conditional - logits[:, 1].float())

    def probabilities(self, logits: Tensor, *, sort: bool, first: int = 0) -> Tensor:
        """Return the probabilities to draw from, for slots `first` and following.

        logits: (slots, vocabulary). sort: see `needs_sorting`.
        """
        rows = slice(first, first + len(logits))
        _, temperature, penalty, min_p, tail = self._settings[:, rows]
        if self._penalty_first:
            logits = self._penalise(logits, rows, penalty) / temperature
            logits = _apply_min_p(logits, min_p)
        else:
            logits = _apply_top_k(logits / temperature, self._top_k)
        # Where top-p is 1 it takes only what has no probability already.
        if sort:
            logits = _apply_top_p(logits, tail)
        if not self._penalty_first:
            logits = self._penalise(logits, rows, penalty)
        return logits.softmax(dim=-1)

    def draw(self, probabilities: Tensor, active: Sequence[int]) -> Tensor:
        """Draw a token for each row of `probabilities` (slots, vocabulary), as (slots,) integers.

        Only `active` slots draw random numbers. This is what `torch.multinomial` does for one
        sample, argmax of p / Exponential(1), with a generator for every row.
        """
        for slot in active:
            self._noise[slot].exponential_(generator=self._generators[slot])
        return (probabilities / self._noise[: len(probabilities)]).argmax(dim=-1)

    def told(self, drawn: Tensor, probabilities: Tensor) -> Tensor:
        """Return what was drawn (slots,) for those who read it: `UNSOUND` where it means nothing.

        What is not finite in logits makes all probabilities of the row NaN, and NaN is what argmax
        prefers: token 0.
        """
        return drawn.masked_fill(probabilities[:, 0].isnan(), UNSOUND)

    def _penalise(self, logits: Tensor, rows: slice, penalty: Tensor) -> Tensor:
        penalised = torch.where(logits < 0, logits * penalty, logits / penalty)
        return torch.where(self._seen[rows], penalised, logits)


def _apply_min_p(logits: Tensor, min_p: Tensor) -> Tensor:
    probabilities = logits.softmax(dim=-1)
    least = min_p * probabilities.amax(dim=-1, keepdim=True)
    return logits.masked_fill(probabilities < least, _NOTHING)


def _apply_top_k(logits: Tensor, top_k: int) -> Tensor:
    if not 0 < top_k < logits.shape[-1]:
        return logits
    least = logits.topk(top_k).values[:, -1:]
    return logits.masked_fill(logits < least, _NOTHING)


def _apply_top_p(logits: Tensor, tail: Tensor) -> Tensor:
    """Remove the least likely tokens that have a probability of `tail`, 1 - top_p, together."""
    ordered, order = logits.sort(descending=False)
    removed = ordered.softmax(dim=-1).cumsum(dim=-1) <= tail
    removed[:, -1] = False
    return logits.masked_fill(removed.scatter(1, order, removed), _NOTHING)
