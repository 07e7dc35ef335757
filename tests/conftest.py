"""The order of the tests, those that last long first; and what no test may leave to the next.

xdist hands out whole files in the order of collection (`--no-loadscope-reorder`; by itself it takes
the file with the most tests first, which are the shortest). What runs programs or speaks in real
time must not be left over for one process at the end. Files of a folder stay together, so that what
they share is opened once a process.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from bot.workers.environment import NO_TELEMETRY

os.environ.update(NO_TELEMETRY)  # engines run in this process, too

TESTS = Path(__file__).parent

# No deadline: other processes take the time of an example. The same examples each time, so that a
# commit that passed passes again; new ones are looked for with --hypothesis-profile=search.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("repeatable")

FIRST = ("e2e", "cli", "", "voice", "enrolment", "speech", "storage", "text")
"""Folders, longest tests first; "" are the files in `tests` itself. The others follow."""


def rank(path: Path) -> int:
    """Return the place of a test's folder in the order."""
    folder = path.relative_to(TESTS).parts[0] if path.parent != TESTS else ""
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by folder; the order within one stays."""
    items.sort(key=lambda item: rank(item.path))


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What a test, or a program that it runs in this process, logs how and where ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
