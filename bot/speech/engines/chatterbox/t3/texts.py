"""What is decoded, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.speech.engines.chatterbox.t3.alignment import Guard
from bot.speech.engines.chatterbox.t3.backbone import Tensor
from bot.speech.engines.chatterbox.t3.sampling import Sampling


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to decode.

    conditioning: stock's `T3Cond` of the voice; it is written to, so it must be this text's own.
    text_tokens: (length,) with the start and stop tokens that the model wants.
    max_tokens: after which decoding ends if no stop token came.
    """

    conditioning: Any
    text_tokens: Tensor
    seed: int
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int = 1000


@dataclass(frozen=True, slots=True)
class Decoded:
    """What became of a text.

    tokens: as drawn, the stop token at the end included if it came (`stopped`).
    random_state: of the text's generator, from which stock would go on to draw S3Gen's noise.
    """

    tokens: tuple[int, ...]
    stopped: bool
    random_state: Tensor


class NotFiniteError(ArithmeticError):
    """Logits were not finite: the precision is too coarse for these weights.

    slots: of the texts concerned.
    """

    def __init__(self, slots: Sequence[int]) -> None:
        super().__init__("T3 computed numbers that are not finite.")
        self.slots = tuple(slots)


@dataclass(slots=True)
class RunningText:
    """A text in a slot.

    attention: see `Guard.look`. drawn: how many tokens; those that have been read are in `tokens`.
    """

    prompt: Prompt
    prefix: int
    guard: Guard | None
    attention: list[Tensor]
    drawn: int = 0
    tokens: list[int] = field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        """Whether it wants another token, as far as is known."""
        return self.drawn < self.prompt.max_tokens
