"""Where a command writes what it made: a file that it must not spoil, or standard output."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import EXIT_FAILED
from bot.errors import OutputError, UserError
from bot.files import check_output, write_beside, write_whole

if TYPE_CHECKING:
    from bot.cli.own_files import OwnFiles

STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class Destination:
    """A file, or standard output as `-`.

    named: it was named on the command line. A default name is not, and makes way for a file that
        has it already.
    force: a named file may be replaced.
    """

    path: Path
    named: bool = True
    force: bool = False

    @property
    def is_stdout(self) -> bool:
        """Whether it is standard output."""
        return self.path == STDOUT

    def check(self, own: OwnFiles, *, source: Path | None = None) -> None:
        """Raise `UserError` if nothing may be written there, before any work is done for it.

        own: what is never written over. source: the file that is read.
        """
        if self.is_stdout:
            _refuse_terminal()
            return
        check_output(self.path)
        own.refuse(self.path)
        if source is not None and _same_file(self.path, source):
            raise UserError(f"{self.path} is the recording itself. Choose another name.")
        if self.named and not self.force and os.path.lexists(self.path):
            raise UserError(_exists(self.path))

    def write(self, content: bytes) -> Path:
        """Write all of it, or leave no file and an older one as it was; return where it went.

        Raises `UserError` if the file came into being since `check`, `OutputError` if it cannot be
        written, `click.exceptions.Exit` if nobody reads standard output any more.
        """
        if self.is_stdout:
            _write_stdout(content)
        elif not self.named:
            return write_beside(self.path, content)
        else:
            try:
                write_whole(self.path, content, replace=self.force)
            except FileExistsError:
                raise UserError(_exists(self.path)) from None
        return self.path


def _exists(path: Path) -> str:
    return f"{path} exists already. Choose another name, or add --force to replace it."


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False


def _refuse_terminal() -> None:
    if sys.stdout is None:
        raise UserError("Standard output is closed. Name a file: -o FILE.")
    if sys.stdout.isatty():
        raise UserError(
            "A terminal cannot show audio. Send it to a program or a file: "
            "mynah ... -o - | PLAYER, or -o FILE."
        )


def _write_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
        # As when a listing is cut short by `head`: whoever stops reading knows it.
        raise click.exceptions.Exit(EXIT_FAILED) from None
    except OSError as error:
        discard_stdout()
        raise OutputError(
            f"Standard output cannot be written: {error.strerror or error}."
        ) from error


def discard_stdout() -> None:
    """Send what could not be written to nowhere, or Python tries again as it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
