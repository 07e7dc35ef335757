"""What a worker may use. The kernel holds most of it; the child sets it for itself."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Bounds of one worker.

    call_seconds: wall clock of one call, after which the child is killed.
    cpu_seconds: processor time of one call, enforced by the kernel; None for no limit.
    memory_bytes: private memory of the child, enforced by the kernel; None for no limit.
    waiting: calls that may wait for their turn; one more is refused.
    nice: added to the niceness of the child. At 15 two busy children leave the pace of the packets
        alone; at 10 they do not quite.
    file_bytes: size of a file that the child writes, enforced by the kernel; None for no limit.
    computing: whether calls do nothing but compute, unless they are given a bound of their own: one
        that uses no processor for about 9 s counts as hung. Not for what waits for a network.
    answer_bytes: size of an answer; a child that answers more is ended.
    start_seconds: wall clock until a new child can take calls, after which it is killed.
    """

    call_seconds: float
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    waiting: int = 16
    nice: int = 15
    file_bytes: int | None = None
    computing: bool = False
    answer_bytes: int = 1 << 30
    start_seconds: float = 60.0

    def apply(self) -> None:
        """Bound this process for its whole life."""
        os.nice(self.nice)
        _lower(resource.RLIMIT_CORE, 0)  # a dump would hold recordings, for anybody to find
        # RLIMIT_DATA counts private writable memory; RLIMIT_AS would also count the address space
        # that numba, OpenBLAS and CUDA reserve without using it.
        _lower(resource.RLIMIT_DATA, self.memory_bytes)
        _lower(resource.RLIMIT_FSIZE, self.file_bytes)

    def grant_cpu_time(self) -> None:
        """Give this process the processor time of one more call."""
        if self.cpu_seconds is None:
            return
        # The limit counts from the start of the process, so it is moved on before every call.
        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime + self.cpu_seconds) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (_at_most(soft, hard), hard))


def _lower(kind: int, value: int | None) -> None:
    if value is None:
        return
    _, hard = resource.getrlimit(kind)
    bound = _at_most(value, hard)
    resource.setrlimit(kind, (bound, bound))


def _at_most(value: int, hard: int) -> int:
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
