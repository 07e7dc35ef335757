"""Where what was replaced is kept: a dated directory beside the data directory, or in it."""

from __future__ import annotations

import contextlib
import itertools
import os
from datetime import UTC, datetime
from pathlib import Path

from storage.private import make_private_directory

REPLACED = "replaced"
"""By a restored backup."""

DAMAGED = "damaged"
"""By what could be rescued of it."""


def keep_directory(directory: Path, word: str) -> Path:
    """Make a new directory for this user alone, to which what lies in `directory` can be renamed.

    word: says why, in its name. It is made in `directory` where nothing may be made beside it, as
    in a container, or for a service. Raises OSError.
    """
    real = directory.resolve()
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    with contextlib.suppress(OSError):
        beside = _new(real.parent, f"{real.name}.{word}-{stamp}")
        if beside.stat().st_dev == real.stat().st_dev:
            return beside
        beside.rmdir()
    return _new(real, f"{word}-{stamp}")


def _new(parent: Path, name: str) -> Path:
    for number in itertools.count(1):
        path = parent / (name if number == 1 else f"{name}-{number}")
        if not os.path.lexists(path):
            make_private_directory(path)
            return path
    raise AssertionError("some name is free")


def kept_directories(directory: Path) -> list[Path]:
    """Return the directories that were made so, by name."""
    real = directory.resolve()
    patterns = [(real.parent, f"{real.name}.{word}-2*") for word in (REPLACED, DAMAGED)]
    patterns += [(real, f"{word}-2*") for word in (REPLACED, DAMAGED)]
    return sorted(path for parent, pattern in patterns for path in parent.glob(pattern))
