"""`make demo`: `mynah demo` with the words of make, and with engines of random weights.

With ENGINE=nano-random the engine is Chatterbox with tiny random weights: the whole way of a cloned
voice, but for how it sounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.demo.errors import DemoFailedError
from bot.demo.program import Program
from bot.demo.show import OUTPUT, TEXT, show
from tools import random_engine


def main() -> None:
    """Run the demo; exit with 1 if a step fails.

    The sample and the text come as options or, from make, in the environment.
    """
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--sample",
        default=os.environ.get("SAMPLE"),
        help="a recording of speech; default: one that comes along",
    )
    parser.add_argument(
        "--text",
        default=os.environ.get("TEXT") or TEXT,
        help="what to say, up to 600 characters",
    )
    parser.add_argument(
        "--engine",
        default=os.environ.get("ENGINE") or None,
        metavar="MODEL-random",
        help="Chatterbox with tiny random weights, such as nano-random; default: the usual engine",
    )
    arguments = parser.parse_args()
    if arguments.engine not in (None, *random_engine.ENGINES):
        known = ", ".join(map(repr, random_engine.ENGINES))
        parser.error(f"ENGINE is left out or one of {known}, not {arguments.engine!r}")
    sample = Path(arguments.sample) if arguments.sample else None
    try:
        with tempfile.TemporaryDirectory(prefix="mynah-demo-") as folder:
            show(sample, arguments.text, OUTPUT, program(arguments.engine, Path(folder)))
    except (DemoFailedError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


def program(engine: str | None, folder: Path) -> Program:
    """Return `mynah` with the engine of that name, whose checkpoint is made in `folder`."""
    if engine is None:
        return Program()
    print(f"Making tiny random weights for {engine} ...", flush=True)
    return Program(
        tuple(random_engine.program(engine)), random_engine.configuration(engine, folder)
    )


if __name__ == "__main__":
    main()
