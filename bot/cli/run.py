"""`mynah run`: the bot."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from bot.cli.context import Context

if TYPE_CHECKING:
    from bot.config import Settings


@click.command()
@click.pass_obj
def run(context: Context) -> None:
    """Run the bot until Ctrl-C or SIGTERM.

    Needs a Discord token (DISCORD_TOKEN, or discord.token in the configuration).
    """
    asyncio.run(_run(context.settings))


async def _run(settings: Settings) -> None:
    # discord.py takes 0.7 s to import, which `mynah --help` should not wait for.
    from bot.session import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
            loop.add_signal_handler(number, stop.set)
    await serve(settings, stop)
