"""`mynah demo`: hear everything, without a Discord account."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from bot.cli.context import Context
from bot.cli.destination import STDOUT, Destination
from bot.errors import ConfigError

NEEDED = ("cryptography", "dave", "trustme")
"""Modules of the extra `demo` that nothing else brings."""


@click.command()
@click.option("--sample", type=click.Path(path_type=Path), metavar="FILE",
              help="A recording of speech to enrol. Default: one that comes along.")  # fmt: skip
@click.option("--text", metavar="TEXT", help="What to say, up to 600 characters.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("demo.wav"),
              metavar="FILE", show_default=True, help="Where to leave what was heard.")  # fmt: skip
@click.pass_obj
def demo(context: Context, sample: Path | None, text: str | None, output: Path) -> None:
    """Hear the whole bot in a Discord on this machine.

    Enrols a voice, joins a call, speaks, and leaves what a member heard there. It needs no token
    and no network, and touches neither your configuration nor your data. Of the settings only
    MYNAH_ENGINE__ variables count.
    """
    require_extra()
    if output == STDOUT:
        raise click.UsageError("The demo leaves a file: name one, or none for demo.wav.")
    Destination(output, named=False).check(context.own_files_if_known)
    # It imports discord.py and a Discord, which `mynah --help` should not wait for.
    from bot.demo.show import TEXT, show

    show(sample, text or TEXT, output)


def require_extra() -> None:
    """Raise ConfigError unless the libraries of the demo are installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"The demo needs {', '.join(missing)}, which {'are' if missing[1:] else 'is'} not "
            'installed: pip install "mynah-bot[demo]"'
        )
