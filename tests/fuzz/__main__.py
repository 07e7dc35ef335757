"""Try hostile inputs.

    python -m tests.fuzz [TARGET ...] [--cases N] [--seed S] [-o FILE.json]

Prints what became of them as JSON. An input that was not refused as it should be is among
`failures`, and ends the run with exit code 1. Without --cases every target tries its own number.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from tests.endurance import Outcome, add_options
from tests.fuzz import targets


def main() -> int:
    """The command line."""
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    known = targets.names()
    parser.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(known)}; all")
    parser.add_argument("--cases", type=int, metavar="N", help="inputs of each target")
    add_options(parser)
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"no target named {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    outcome, reports = Outcome(options.seed), {}
    for name in options.names or known:
        cases = options.cases or targets.target(name).CASES
        print(f"{name}: {cases:,} cases ...", file=sys.stderr, flush=True)
        reports[name] = targets.run(name, cases, options.seed)
    lost = any(report.failures for report in reports.values())
    return outcome.tell({"targets": targets.to_json(reports)}, lost=lost, output=options.output)


if __name__ == "__main__":
    sys.exit(main())
