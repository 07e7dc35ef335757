"""What the programs that take long share: progress, and one JSON object in the end.

`python -m tests.NAME [-o FILE.json]` prints what became of everything, with the machine,
the versions and the commit, and exits 1 when something was lost.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from benchmarks.__main__ import environment


@contextlib.contextmanager
def progress(total: int, title: str) -> Iterator[Callable[[int], None]]:
    """Yield what is to be called with the number of cases done since the last call.

    The bar appears on standard error, and only when that is a terminal.
    """
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)


def add_options(parser: ArgumentParser) -> None:
    """Add what every program with random cases knows: `--seed` and `-o`."""
    parser.add_argument("--seed", type=int, default=7, help="of all that is random (7)")
    add_output(parser)


def add_output(parser: ArgumentParser) -> None:
    """Add `-o`."""
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.json", help="store it there too")


def tell(told: dict[str, Any], output: Path | None) -> int:
    """Print what came out as one JSON object, with machine and versions, and store it.

    told: has as `wrong` what was not as it should be. Return the exit code.
    """
    _write({**environment(), **told}, output)
    return int(bool(told["wrong"]))


@dataclass
class Outcome:
    """What became of everything. found: JSON; lost: whether something was."""

    seed: int
    described: dict[str, Any] = field(default_factory=environment)
    begun: float = field(default_factory=time.monotonic)

    def tell(self, found: dict[str, Any], *, lost: bool, output: Path | None = None) -> int:
        """Print it all as one JSON object, store it, and return the exit code."""
        seconds = round(time.monotonic() - self.begun, 1)
        told = {"seed": self.seed, "seconds": seconds, "lost": lost, **found}
        _write({**told, "environment": self.described}, output)
        return int(lost)


def _write(told: dict[str, Any], output: Path | None) -> None:
    text = _without_places(json.dumps(told, indent=2))
    sys.stdout.write(text + "\n")
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text + "\n", encoding="utf-8")


def _without_places(text: str) -> str:
    """Leave out where this checkout and Python lie: tracebacks name it, and results are public."""
    for place in (Path.cwd(), Path(sys.prefix), Path(sys.base_prefix), Path.home()):
        text = text.replace(f"{place}/", "")
    return text
