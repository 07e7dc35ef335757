"""Which tests the plugins of this folder run, and which of them they leave out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest


def run_where_none_are_named(config: pytest.Config, paths: Sequence[str]) -> None:
    """Run the tests of these paths where the command line names none."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(config.rootpath / path) for path in paths]


def leave_out(config: pytest.Config, items: list[pytest.Item], entries: Collection[str]) -> None:
    """Leave out tests by folders, files, and names with or without their parameters.

    Raises UsageError for an entry that leaves nothing out, where all tests are there.
    """
    needless = set(entries)
    kept, left_out = [], []
    for item in items:
        entry = next((each for each in entries if _is_of(item, each)), None)
        needless.discard(entry or "")
        (kept if entry is None else left_out).append(item)
    if needless and config.args_source is not pytest.Config.ArgsSource.ARGS:
        raise pytest.UsageError(f"nothing is left out by {sorted(needless)}")
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _is_of(item: pytest.Item, entry: str) -> bool:
    return item.nodeid == entry or item.nodeid.startswith((f"{entry}[", f"{entry}::", f"{entry}/"))
