"""How well this machine keeps a pace of 20 ms at all: what any player is measured against."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.loopback import Pacing, pacing

_BEATS = 200
_PROGRAM = f"""
import json, time
start, times = time.perf_counter(), []
for beat in range({_BEATS}):
    time.sleep(max(0, start + beat * 0.02 - time.perf_counter()))
    times.append(time.time_ns())
print(json.dumps(times))
"""


async def metronome() -> Pacing:
    """Return the pace of a process that does nothing but sleep, over four seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return pacing(json.loads(output))
