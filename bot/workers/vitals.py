"""Whether a child that the kernel calls alive still computes.

A child shows life in two ways. A thread of its own sends a beat every second, for which it needs
Python's lock. And the kernel tells whether it runs: which threads have the processor, want it, or
wait for the disk, and how much processor time was used. Neither is enough alone. A worker that
imports torch keeps Python's lock for seconds and is well; a call that waits in a driver for good
leaves the lock to others.

========================  ==================  ====================================================
beats                     the kernel          what it counts as
========================  ==================  ====================================================
come                      runs or rests       well: it waits for a call, or works on one
come, in a call that      rests               lost after `STILL_LOOKS`: it hangs without the lock
only computes
do not come               rests               lost after `STILL_LOOKS`: it hangs with the lock; in a
                                              long call (a load) only after `LONG_LOOKS`
do not come               runs                well for `LONG_LOOKS`, then lost: it spins with the
                                              lock; in a long call its own bound holds
========================  ==================  ====================================================

What spins for good without the lock cannot be told from work: the bound of the call ends it.

The threads that talk to the parent do not count as work: waiting for Python's lock keeps them busy.

All is counted in looks of the parent, not in seconds: whoever is stopped together with its children
(Ctrl-Z, a suspended machine) must not take them for lost when all go on again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

BEAT_SECONDS = 1.0
"""How often a child sends a beat."""

STILL_LOOKS = 6
"""In a row without any sign of life; with one a second, and the time to notice, within 10 s."""

LONG_LOOKS = 60
"""In a row without a beat of a child that runs, or that is at a call known to be long."""

_RESTING_TICKS = 5
"""Of processor time between two looks (10 ms each); less is no work. What waits for Python's lock
asks for it every 0.5 ms, which takes some."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the kernel tells of a process.

    ticks: of processor time used so far, by all threads. running: whether any thread has the
    processor, wants it, or waits for the disk.
    """

    ticks: int
    running: bool


def read_vitals(pid: int, helpers: Collection[int] = ()) -> Vitals | None:
    """Ask the kernel (Linux, proc_pid_stat(5)); None where it does not tell.

    helpers: ids of threads that do not count.
    """
    ticks, running = 0, False
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return None
    for thread in threads:
        if int(thread.name) in helpers:
            continue
        try:
            # The name, in brackets, may hold anything; what follows it is numbers.
            fields = (thread / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:  # that thread has ended
            continue
        ticks += int(fields[11]) + int(fields[12])
        running |= fields[0] in (b"R", b"D")
    return Vitals(ticks, running)


class LifeWatch:
    """Looks at one child now and then, and says when it counts as lost."""

    def __init__(
        self, pid: int, read: Callable[[int, Collection[int]], Vitals | None] = read_vitals
    ) -> None:
        self._pid, self._read = pid, read
        self._ticks = 0
        self._silent = self._still = 0  # looks in a row without a beat, without any work
        self.helpers: Collection[int] = ()  # threads of the child that only talk to its parent

    def look(self, *, beaten: bool, computing: bool, long: bool = False) -> str:
        """Look once more; return why the child counts as lost, or nothing.

        beaten: whether a beat, or anything else, came since the last look. computing: whether it
        was at one and the same call since then, which does nothing but compute. long: whether it is
        at a call known to be long.
        """
        vitals = self._read(self._pid, self.helpers)
        still = vitals is not None and not self._works(vitals)
        self._ticks = vitals.ticks if vitals is not None else 0
        self._silent = 0 if beaten else self._silent + 1
        self._still = self._still + 1 if still and (computing or not beaten) else 0
        if self._still >= (LONG_LOOKS if long else STILL_LOOKS):
            return "hung, computing nothing,"
        if self._silent >= LONG_LOOKS and not long:
            return f"kept Python's lock for {LONG_LOOKS} s"
        return ""

    def _works(self, vitals: Vitals) -> bool:
        return vitals.running or vitals.ticks - self._ticks >= _RESTING_TICKS
