"""Eight processes that store in one place enrol, replace, delete and read voices at the same time.

    python -m tests.processes [--servers] [--processes 8] [--seconds 60] [--seed N] [-o FILE.json]

With --servers they are of several machines: each has a data directory of its own, and all of them
have one PostgreSQL database and one bucket of an S3 server, which are started for them.

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

from bot.config_sections import StorageSettings
from tests.endurance import Outcome, add_options
from tests.processes.crew import Crew, wrong


def together(processes: int, seconds: float, seed: int) -> dict[str, Any]:
    """Return what became of everything on one data directory."""
    with tempfile.TemporaryDirectory(prefix="mynah-processes-") as folder:
        place = StorageSettings(directory=Path(folder) / "data")
        return _found(Crew([place] * processes, seed), seconds)


def on_machines(processes: int, seconds: float, seed: int) -> dict[str, Any]:
    """Return what became of everything in PostgreSQL and S3."""
    from tests.servers.places import places  # here, because the usual environment has no servers

    with places(processes) as machines:
        return {"rows": "PostgreSQL", "clips": "S3", **_found(Crew(machines, seed), seconds)}


def _found(crew: Crew, seconds: float) -> dict[str, Any]:
    crew.run(seconds)
    found = asyncio.run(crew.prove())
    return {**found, "wrong": wrong(found)}


def main() -> int:
    """The command line."""
    parser = ArgumentParser(prog="python -m tests.processes", description=__doc__)
    parser.add_argument("--servers", action="store_true", help="on PostgreSQL and S3")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    add_options(parser)
    options = parser.parse_args()
    outcome = Outcome(options.seed)
    work = on_machines if options.servers else together
    found = work(options.processes, options.seconds, options.seed)
    return outcome.tell(found, lost=bool(found["wrong"]), output=options.output)


if __name__ == "__main__":
    sys.exit(main())
