"""How a command fails: what is said, and the exit code that tells a program the kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from bot.cli.as_json import print_json
from bot.cli.output import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_WRONG_USE, print_error
from bot.errors import ConfigError, MynahError, UserError
from storage.errors import StorageError, VoiceNotFoundError, VoiceRequestError


@dataclass(frozen=True, slots=True)
class Failure:
    """An expected failure.

    kind: for programs; docs/cli.md lists them. report: the quality report of a recording that was
    rejected.
    """

    kind: str
    message: str
    exit_code: int
    report: dict[str, Any] | None = None


def failure_of(error: BaseException) -> Failure | None:
    """Return what an error means for whoever ran the command; None for what is not expected."""
    match error:
        case click.ClickException():
            return Failure("usage", error.format_message(), error.exit_code)
        case click.Abort() | KeyboardInterrupt():
            return Failure("interrupted", "Stopped.", EXIT_INTERRUPTED)
        case ConfigError():
            return Failure("configuration", str(error), EXIT_WRONG_USE)
        case VoiceNotFoundError():
            return Failure("not_found", str(error), EXIT_WRONG_USE)
        case UserError() | VoiceRequestError():
            return _refusal(error)
        case MynahError() | StorageError():
            return Failure("failed", str(error), EXIT_FAILED)
        case OSError():  # such as a full disk behind standard output
            message = f"Something could not be read or written: {error}"
            return Failure("failed", message, EXIT_FAILED)
        case _:
            return None


def _refusal(error: UserError | VoiceRequestError) -> Failure:
    # Imported here, where they were needed before: a completion waits for neither.
    from bot.enrolment.types import SampleRejectedError
    from bot.workers import WorkerDiedError

    if isinstance(error, SampleRejectedError):
        return Failure("rejected", str(error), EXIT_WRONG_USE, error.report.to_json())
    if isinstance(error.__cause__, WorkerDiedError):
        # A worker that died failed, whatever the service that used it asks of the user.
        return Failure("failed", str(error), EXIT_FAILED)
    return Failure("refused", str(error), EXIT_WRONG_USE)


def tell(failure: Failure, error: BaseException, *, as_json: bool) -> None:
    """Tell people on standard error and, if it was asked for, programs on standard output."""
    if isinstance(error, click.ClickException):
        error.show()  # with the usage of the command
    else:
        print_error(failure.message)
    if as_json:
        print_json(failure_document(failure))


def failure_document(failure: Failure) -> dict[str, Any]:
    """Return a failure as JSON has it."""
    told = {"kind": failure.kind, "message": failure.message, "exit_code": failure.exit_code}
    return {"error": told if failure.report is None else {**told, "report": failure.report}}
