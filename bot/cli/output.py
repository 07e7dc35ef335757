"""How the commands print: results to standard output, progress and errors to standard error.

rich is imported by the functions, because a shell that completes a word waits for every import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

    from bot.speech.load_progress import LoadProgress

LOADING = "Loading the engine ..."

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_NOT_KNOWN = 3
EXIT_INTERRUPTED = 130

Part: TypeAlias = str | tuple[str, str]
"""Words, or words and their style."""


def stdout() -> Console:
    """The console for results. Made anew, so that it follows a redirected `sys.stdout`."""
    from rich.console import Console

    return Console(highlight=False)


def stderr() -> Console:
    """The console for progress and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_line(*parts: Part, err: bool = False) -> None:
    """Print one line, however long: a terminal wraps it, and nothing is cut.

    err: to standard error.
    """
    from rich.text import Text

    (stderr() if err else stdout()).print(Text.assemble(*parts), soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural where it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_error(message: str) -> None:
    """Print an error for a person: what is wrong and what to do next."""
    print_line(("error: ", "bold red"), message, err=True)


def print_warning(message: str) -> None:
    """Print what a person should know although the command goes on."""
    print_line(("warning: ", "bold yellow"), message, err=True)


def print_facts(facts: Sequence[tuple[str, str]], *, err: bool = False) -> None:
    """Print label and value pairs as an aligned table, one line each however long."""
    width = max(len(label) for label, _ in facts)
    for label, value in facts:
        print_line((label.ljust(width), "bold"), "  ", value, err=err)


Show = Callable[[str, int], None]
"""Shows what is done now, and how many of the steps are done."""


@contextmanager
def progress_steps(total: int | None = None) -> Iterator[Show]:
    """Show a spinner with elapsed time, and a bar when the number of steps is known.

    Yields `show(description, completed)`. On something that is not a terminal each new description
    is printed as a line instead.
    """
    from rich import progress

    console = stderr()
    if not console.is_terminal:
        yield _line_printer()
        return
    columns: list[progress.ProgressColumn] = [
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),  # file names have brackets
        progress.TimeElapsedColumn(),
    ]
    if total is not None:
        columns[2:2] = [progress.BarColumn(), progress.MofNCompleteColumn()]
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def show(description: str, completed: int = 0) -> None:
            bar.update(task, description=description, completed=completed)

        yield show


def show_loading(show: Show) -> Callable[[LoadProgress], None]:
    """Return what shows how far loading the engine is: at most a line for each tenth where every
    new description is one.
    """
    from bot.speech.load_progress import Milestones

    milestones = None if stderr().is_terminal else Milestones()

    def show_progress(progress: LoadProgress) -> None:
        if milestones is None or milestones.reached(progress):
            show(str(progress), 0)
        if progress.complete:
            show(LOADING, 0)

    return show_progress


def _line_printer() -> Show:
    last = ""

    def show(description: str, completed: int = 0) -> None:
        nonlocal last
        if description != last:
            print_line(description, err=True)
            last = description

    return show
