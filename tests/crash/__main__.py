"""Kill the program again and again while it enrols, replaces, renames, tunes, deletes and seals.

    python -m tests.crash [--kills 300] [--seed N] [-o FILE.json]

After every kill each voice that was said to be stored is read, bit for bit; what was begun must be
done or undone. After every other one the data is swept, too, and nothing may be left over. Prints
what became of everything as JSON.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from tests.crash.killer import Killer
from tests.endurance import Outcome, add_options, progress

KILLS = 300


def main() -> int:
    """The command line."""
    parser = ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    add_options(parser)
    options = parser.parse_args()
    outcome = Outcome(options.seed)
    with (
        tempfile.TemporaryDirectory(prefix="mynah-crash-") as folder,
        progress(options.kills, "killed") as advance,
    ):
        killer = Killer(Path(folder), options.seed)
        killer.run(options.kills, advance)
    return outcome.tell(killer.to_json(), lost=bool(killer.ledger.faults), output=options.output)


if __name__ == "__main__":
    sys.exit(main())
