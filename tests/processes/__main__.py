"""Eight processes on one data directory enrol, replace, delete and read voices at the same time.

    python -m tests.processes [--processes 8] [--seconds 60] [--seed N] [-o FILE.json]

Prints what became of everything as JSON: no clip may be lost, nothing be refused because others are
at work, and no voice be used more than a second after another process deleted or replaced it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from tests.endurance import Outcome, add_options
from tests.processes.crew import Crew, wrong


def together(processes: int, seconds: float, seed: int) -> dict[str, Any]:
    """Return what became of everything."""
    with tempfile.TemporaryDirectory(prefix="mynah-processes-") as folder:
        crew = Crew(Path(folder) / "data", seed, processes)
        crew.run(seconds)
        found = asyncio.run(crew.prove())
    return {**found, "wrong": wrong(found)}


def main() -> int:
    """The command line."""
    parser = ArgumentParser(prog="python -m tests.processes", description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    add_options(parser)
    options = parser.parse_args()
    outcome = Outcome(options.seed)
    found = together(options.processes, options.seconds, options.seed)
    return outcome.tell(found, lost=bool(found["wrong"]), output=options.output)


if __name__ == "__main__":
    sys.exit(main())
