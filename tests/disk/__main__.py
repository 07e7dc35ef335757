"""Do everything on disks that are full, read-only or broken, from every call on.

    python -m tests.disk [--step N] [-o FILE.json]

A shim, compiled with cc and preloaded, lets each call that an operation makes on the data directory
fail, with all after it; after every one each voice is read bit for bit. --step: every so manyth
call (1). Prints what became of everything as JSON; exits with 1 when something was damaged.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from tests.disk.faults import FAULTS, compile_shim, run_child
from tests.endurance import Outcome, add_options, progress


def main() -> int:
    """The command line."""
    parser = ArgumentParser(prog="python -m tests.disk", description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    add_options(parser)
    options = parser.parse_args()
    outcome, disks = Outcome(options.seed), {}
    with progress(len(FAULTS), "disks") as advance:
        for fault, name in FAULTS.items():
            with tempfile.TemporaryDirectory(prefix="mynah-disk-") as folder:
                shim = compile_shim(Path(folder))
                disks[name] = run_child(Path(folder), shim, "points", fault, str(options.step))
            advance(1)
    points = sum(sum(said.values()) for disk in disks.values() for said in disk["said"].values())
    lost = any(disk["faults"] for disk in disks.values())
    return outcome.tell({"points": points, "disks": disks}, lost=lost, output=options.output)


if __name__ == "__main__":
    sys.exit(main())
