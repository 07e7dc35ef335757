"""Which targets there are, and running one."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any, Protocol, cast

import tests.fuzz
from tests.fuzz.report import Report

CORPUS = Path(__file__).parent / "corpus"


class Target(Protocol):
    """A module of this package."""

    NAME: str
    CASES: int
    QUICK: int

    def run(self, cases: int, seed: int, corpus: Path) -> Report:
        """Try so many inputs, those that are kept first."""


def names() -> list[str]:
    """Return the names of all targets, by the modules that say they are one."""
    return sorted(m.name for m in pkgutil.iter_modules(tests.fuzz.__path__) if _is_target(m.name))


def target(name: str) -> Target:
    """Import a target."""
    return cast(Target, importlib.import_module(f"tests.fuzz.{name}"))


def run(name: str, cases: int, seed: int) -> Report:
    """Run a target on its corpus and `cases` inputs in all."""
    return target(name).run(cases, seed, CORPUS / name)


def kept(corpus: Path) -> list[bytes]:
    """Return the inputs that are kept, in the order of their names."""
    return [path.read_bytes() for path in sorted(corpus.glob("*")) if path.is_file()]


def to_json(reports: dict[str, Report]) -> dict[str, Any]:
    """Return the reports by target."""
    return {name: report.to_json() for name, report in reports.items()}


def _is_target(module: str) -> bool:
    source = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    return f'\nNAME = "{module}"\n' in source
