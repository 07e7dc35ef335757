"""What the pool asks of each of its engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.speech.engine import Engine
from bot.speech.types import EngineInfo, SynthesisRequest, SynthesisResult


class Speaker(Protocol):
    """An engine that leaves it to the pool what becomes of a sentence that it was lost over.

    name: of its device or actor, such as "cuda:0"; no two of a pool are alike. It is told in logs
    and is a label of metrics.
    """

    name: str

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""

    @property
    def slots(self) -> int:
        """How many sentences it takes at once, as things stand; at least 1."""

    @property
    def company_slows(self) -> bool:
        """Whether sentences that are worked on together take longer each."""

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        """Return one result per request, in order, from what is loaded.

        alone: the batch shares the engine with nobody.

        Raises `EngineNotLoadedError` where nothing is loaded and the batch was not begun; it is not
        `ready` then. `WorkerDiedError` and `WorkerTimeoutError` when the engine was lost during the
        batch, `BusyError` when too many calls wait.
        """


class Member(Engine, Speaker, Protocol):
    """A speaker that the pool also loads, asks about recordings, and closes."""

    def settle(self, model: EngineInfo) -> None:
        """Load the model that another engine has from now on, whatever the machine suggests."""
