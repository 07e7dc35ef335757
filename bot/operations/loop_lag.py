"""How late the event loop comes round: what blocks it delays every server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_SECONDS = 0.25


async def measure(tell: Callable[[float], None], look_seconds: float = LOOK_SECONDS) -> None:
    """Tell again and again how many seconds later than due a sleep ended, until cancelled."""
    time = asyncio.get_running_loop().time
    while True:
        due = time() + look_seconds
        await asyncio.sleep(look_seconds)
        tell(max(0.0, time() - due))
