"""Was a recording made here? What the audit trail and the watermark can answer."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.enrolment.refusals import MARKED
from bot.enrolment.service import EnrolmentService
from bot.errors import BusyError
from storage.audit_rows import AuditRow

Answer: TypeAlias = Literal["made here", "watermarked", "unknown"]


Find: TypeAlias = Callable[[str], Awaitable[list[AuditRow]]]
"""Returns what was spoken with packets of a hash, the newest first. Raises StorageError."""


class Watermarks(Protocol):
    """What finds PerTh's mark; see `RecordingAnalysis.watermark`."""

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """Return how surely it is there, from 0 to 1; None where that cannot be told.

        Raises BusyError where it can, but not now.
        """


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known about where a recording came from.

    utterances: what was spoken with exactly its packets, the newest first. comparable: whether it
    has packets as they are made here; what was encoded anew has not. watermark: how surely it
    carries PerTh's mark, from 0 to 1; None where that cannot be looked for.
    """

    utterances: tuple[AuditRow, ...]
    comparable: bool
    watermark: float | None

    @property
    def answer(self) -> Answer:
        """The one that is surest."""
        if self.utterances:
            return "made here"
        marked = self.watermark is not None and self.watermark >= MARKED
        return "watermarked" if marked else "unknown"


async def provenance_of(
    data: bytes,
    enrolment: EnrolmentService,
    find: Find,
    watermarks: Watermarks,
    owner: int | None = None,
) -> Provenance:
    """Look where a file, the bytes of any audio, came from. owner: see `EnrolmentService.prepare`.

    Raises what `EnrolmentService.traces` raises, and StorageError.
    """
    traces = await enrolment.traces(data, owner)
    sha256 = traces.packets_sha256
    utterances = await find(sha256) if sha256 is not None else []
    mark = None
    with contextlib.suppress(BusyError):  # what is known without it is worth telling
        mark = await watermarks.watermark(traces.samples, traces.rate)
    return Provenance(tuple(utterances), sha256 is not None, mark)
