"""Forty servers ask for ten times what the engine can make.

    python -m tests.overload [--minutes 10] [--servers 40] [-o FILE.json]

The bot's voice on the loopback Discord, with an engine whose sentences all cost the same time.
Prints one JSON object: how even the shares were (Jain's index), what was refused and how, how far
the waits that were told are from those that came, the memory. Exits with 1 when something is not as
it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

import structlog

from tests.endurance import add_output, tell
from tests.overload.crowd import open_crowd, report


async def overload(servers: int, seconds: float) -> dict[str, object]:
    """Return what became of everything."""
    async with open_crowd(servers) as crowd:
        await crowd.ask(seconds)
        return report(crowd)


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--servers", type=int, default=40)
    add_output(parser)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    told = asyncio.run(overload(options.servers, options.minutes * 60))
    return tell({"minutes": options.minutes, **told}, options.output)


if __name__ == "__main__":
    sys.exit(main())
