"""Reads table.md: what each kind of member may do."""

from __future__ import annotations

from pathlib import Path

from tests.cogs.access.people import KINDS

FILE = Path(__file__).with_name("table.md")


def rows() -> dict[str, dict[str, str]]:
    """Return the outcomes by use and kind of member."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    table_lines = [line.strip("| ") for line in lines if line.startswith("|")]
    head, _rule, *body = [[cell.strip() for cell in line.split("|")] for line in table_lines]
    assert head[1:] == list(KINDS)
    table = {name.strip("`"): dict(zip(KINDS, outcomes, strict=True)) for name, *outcomes in body}
    assert len(table) == len(body), "a use stands there twice"
    return table
