"""What an operator should know of the data directory."""

from __future__ import annotations

from pathlib import Path

import structlog

from storage.private import open_to_others

log = structlog.get_logger(__name__)


def told_open(directory: Path) -> str | None:
    """Return what to do about a data directory that others may read or write; None if they may not.

    Raises OSError.
    """
    may = open_to_others(directory)
    if may is None:
        return None
    return f"Others on this machine may {may} the data directory {directory}: chmod 700 {directory}"


def log_open(directory: Path) -> None:
    """Warn at the start of a data directory that others may read or write."""
    advice = told_open(directory)
    if advice:
        log.warning("data directory is open to others", stage="start", advice=advice)
