"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bot.cli.check import check
from bot.cli.context import Context
from bot.cli.enroll import enroll
from bot.cli.output import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_WRONG_USE, print_error
from bot.cli.run import run as run_bot
from bot.cli.say import say
from bot.cli.sync import sync
from bot.cli.voices import voices
from bot.errors import ConfigError, MynahError, UserError
from bot.workers import WorkerDiedError
from storage.errors import StorageError, VoiceNotFoundError, VoiceRequestError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mynah")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration file. Default: the MYNAH_CONFIG variable, else ./mynah.toml.",
)
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Mynah speaks in the voices it hears: enrol a voice from a recording, then speak with it."""
    # `run` is a service: its log is its output.
    context.obj = Context(config_path, quiet=context.invoked_subcommand != "run")


for command in (run_bot, sync, enroll, say, voices, check):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run one command; return 0 if done, 1 if it failed, 2 for wrong use or bad input."""
    try:
        result = cli.main(list(arguments), prog_name="mynah", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print_error("Stopped.")
        return EXIT_INTERRUPTED
    except VoiceNotFoundError as error:
        print_error(f"{error} All voices: mynah voices")
        return EXIT_WRONG_USE
    except (UserError, ConfigError, VoiceRequestError) as error:
        print_error(str(error))
        # A worker that died failed, whatever the service that used it asks of the user.
        return EXIT_FAILED if isinstance(error.__cause__, WorkerDiedError) else EXIT_WRONG_USE
    except (MynahError, StorageError) as error:
        print_error(str(error))
        return EXIT_FAILED
    except OSError as error:  # such as a full disk behind standard output
        _give_up_stdout()
        print_error(f"Something could not be read or written: {error}")
        return EXIT_FAILED
    return result if isinstance(result, int) else 0


def _give_up_stdout() -> None:
    """Send what could not be written to nowhere, or Python tries again as it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
