"""`mynah engine serve`: engines on this machine, for the bots of a Ray cluster."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.output import print_line

if TYPE_CHECKING:
    from bot.config import Settings


@click.command()
@click.option(
    "--actors",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many engines; each takes [engine] ray_gpus of a GPU.",
)
@click.pass_obj
def serve(context: Context, actors: int) -> None:
    """Keep engines on this machine until Ctrl-C or SIGTERM.

    Joins the Ray cluster of [engine] ray_address and begins actors there that stay on this machine.
    The bots of the same ray_namespace ask them beside their own. Prints what they do.
    """
    asyncio.run(_serve(context.settings, actors))
    print_line("Ended.")


async def _serve(settings: Settings, actors: int) -> None:
    # Ray and what the bot is made of take a second to import.
    from bot.engines import engine_spec
    from bot.pool.opening import ray_spec
    from bot.pool.ray_serving import serve as serve_actors

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    spec = await engine_spec(settings)

    def tell(line: str) -> None:
        print_line(line)

    def catch() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)

    await serve_actors(ray_spec(settings.engine), spec, actors, stop, tell, joined=catch)
