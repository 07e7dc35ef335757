"""How the commands print: results to standard output, progress and errors to standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from bot.speech.load_progress import LoadProgress, Milestones

LOADING = "Loading the engine ..."

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130


def stdout() -> Console:
    """The console for results. Made anew, so that it follows a redirected `sys.stdout`."""
    return Console(highlight=False)


def stderr() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False)


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural where it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_error(message: str) -> None:
    """Print an error for a person: what is wrong and what to do next."""
    console = stderr()
    console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print label and value pairs as an aligned table, one line each however long."""
    width = max(len(label) for label, _ in facts)
    for label, value in facts:
        line = Text.assemble((label.ljust(width), "bold"), "  ", value)
        stdout().print(line, soft_wrap=True)


Show = Callable[[str, int], None]
"""Shows what is done now, and how many of the steps are done."""


@contextmanager
def progress_steps(total: int | None = None) -> Iterator[Show]:
    """Show a spinner with elapsed time, and a bar when the number of steps is known.

    Yields `show(description, completed)`. On something that is not a terminal each new description
    is printed as a line instead.
    """
    console = stderr()
    if not console.is_terminal:
        yield _line_printer(console)
        return
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    if total is not None:
        columns[2:2] = [BarColumn(), MofNCompleteColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def show(description: str, completed: int = 0) -> None:
            progress.update(task, description=description, completed=completed)

        yield show


def show_loading(show: Show) -> Callable[[LoadProgress], None]:
    """Return what shows how far loading the engine is: at most a line for each tenth where every
    new description is one.
    """
    milestones = None if stderr().is_terminal else Milestones()

    def show_progress(progress: LoadProgress) -> None:
        if milestones is None or milestones.reached(progress):
            show(str(progress), 0)
        if progress.complete:
            show(LOADING, 0)

    return show_progress


def _line_printer(console: Console) -> Show:
    last = ""

    def show(description: str, completed: int = 0) -> None:
        nonlocal last
        if description != last:
            console.print(description, soft_wrap=True)
            last = description

    return show
