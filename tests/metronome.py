"""How well this machine keeps a pace of 20 ms at all: what any player is measured against.

Pace is asked of a machine that others may use too. A bare program that does nothing but sleep from
packet to packet, run at the same time, shows what could be had; nobody can be asked for more.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence

from loopback import Pacing, pacing

P99_MS = 22.0
"""What is promised for the gaps between packets, besides none over 40 ms."""

MARGIN_MS = 1.5
"""What encryption, Python's own lock and luck may add to the pace of a bare program."""

ATTEMPTS = 4
METRONOMES = 2
"""With the player three of a kind: chance alone makes the player the worst of them one time in
three, and in all attempts one time in eighty, where the machine keeps no pace at all."""

_PROGRAM = """
import json, select, time
times, due = [], time.perf_counter()
print("beating", flush=True)
while not select.select([0], [], [], max(0, due - time.perf_counter()))[0]:  # until stdin closes
    times.append(time.time_ns())
    due += 0.02
print(json.dumps(times))
"""


async def assert_keeps_pace(play: Callable[[], Awaitable[Pacing]]) -> None:
    """Assert that `play` keeps the promised pace, or the one that bare programs keep beside it."""
    failed: list[str] = []
    for _ in range(ATTEMPTS):
        programs = [await start_bare() for _ in range(METRONOMES)]
        ours = await play()
        bare = [await pace_of(program) for program in programs]
        if kept(ours, bare):
            return
        failed.append(f"{ours} where bare programs kept {bare}")
    raise AssertionError("\n".join(["the pace was not kept:", *failed]))


def kept(ours: Pacing, bare: Sequence[Pacing]) -> bool:
    """Whether `ours` is what was promised, or no worse than `bare` within the margin."""
    p99 = max(P99_MS, max(pace.p99 for pace in bare) + MARGIN_MS)
    return ours.p99 <= p99 and (ours.over_40 == 0 or any(pace.over_40 for pace in bare))


async def start_bare() -> Process:
    """Start a bare program; it beats already, so that its start disturbs nobody."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, stdin=PIPE, stdout=PIPE
    )
    assert program.stdout is not None
    await program.stdout.readline()
    return program


async def pace_of(program: Process) -> Pacing:
    """End a bare program, and return the pace that it kept."""
    output, _ = await program.communicate(b"")  # which closes its stdin
    return pacing(json.loads(output))
