"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

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
from storage.errors import StorageError, VoiceRequestError


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
    except (UserError, ConfigError, VoiceRequestError) as error:
        print_error(str(error))
        return EXIT_WRONG_USE
    except (MynahError, StorageError) as error:
        print_error(str(error))
        return EXIT_FAILED
    return result if isinstance(result, int) else 0
