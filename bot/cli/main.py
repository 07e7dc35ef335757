"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bot import __version__
from bot.cli import as_json, completion
from bot.cli.audit import audit
from bot.cli.backup import backup, restore
from bot.cli.check import check
from bot.cli.context import Context
from bot.cli.demo import demo
from bot.cli.destination import discard_stdout
from bot.cli.doctor import doctor
from bot.cli.engine import engine
from bot.cli.enroll import enroll
from bot.cli.erase import erase
from bot.cli.failures import failure_of, tell
from bot.cli.guilds import guilds
from bot.cli.key import key
from bot.cli.models import models
from bot.cli.move import move
from bot.cli.output import EXIT_FAILED
from bot.cli.provenance import provenance
from bot.cli.run import run as run_bot
from bot.cli.say import say
from bot.cli.status import status
from bot.cli.sync import sync
from bot.cli.voices import voices


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Configuration file. Default: the MYNAH_CONFIG variable, else ./mynah.toml.",
)
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Mynah speaks in the voices it hears: enrol a voice from a recording, then speak with it."""
    # `run` is a service: its log is its output.
    context.obj = Context(config_path, quiet=context.invoked_subcommand != "run")


COMMANDS = (
    run_bot, status, demo, sync, enroll, say, voices, guilds, models, engine, audit, provenance,
    erase, key, backup, restore, move, doctor, check,
)  # fmt: skip

for command in COMMANDS:
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run one command; return 0 if done, 1 if it failed, 2 for wrong use or bad input."""
    completion.register_shells()
    _show_what_the_encoding_lacks()
    try:
        return _run(arguments)
    except OSError:  # what went wrong could not even be told
        discard_stdout()
        return EXIT_FAILED


def _run(arguments: Sequence[str]) -> int:
    try:
        result = cli.main(list(arguments), prog_name="mynah", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        failure = failure_of(error)
        if failure is None:
            raise
        _give_up_broken_stdout()
        tell(failure, error, as_json=as_json.is_wanted(arguments))
        return failure.exit_code
    return result if isinstance(result, int) else 0


def _show_what_the_encoding_lacks() -> None:
    """Names have letters that an output in Latin-1 has not, and files names that are no text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _give_up_broken_stdout() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        discard_stdout()
