"""Tables for people: rows where they fit a terminal, else a block of lines for each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from bot.cli.output import print_line

GAP = "  "


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings; on a narrow terminal, each as a block that names them."""
    widths = widths_of([headings, *rows])
    if fits(widths):
        print_table([headings, *rows], widths)
        return
    for name, *values in rows:
        print_line((name, "bold"))
        for heading, value in zip(headings[1:], values, strict=True):
            print_line(GAP, f"{heading}: {value}")


def widths_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that a terminal takes for each column of a table."""
    return [max(map(_columns, column)) for column in zip(*rows, strict=True)]


def fits(widths: Sequence[int]) -> bool:
    """Whether a table of these widths fits. Only a terminal has an edge."""
    if sys.stdout is None or not sys.stdout.isatty():
        return True
    return sum(widths) + len(GAP) * (len(widths) - 1) <= shutil.get_terminal_size().columns


def print_table(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    """Print aligned rows, the first one bold."""
    for number, row in enumerate(rows):
        cells = (
            cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)
        )
        line = GAP.join(cells).rstrip()
        print_line((line, "bold") if number == 0 else line)


def _columns(text: str) -> int:
    """Return the columns that a terminal takes for it: two for Chinese characters and emoji."""
    from rich.cells import cell_len

    return cell_len(text)
