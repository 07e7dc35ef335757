"""`mynah engine stop`: end the engines of a Ray cluster."""

from __future__ import annotations

import click

from bot.cli.context import Context
from bot.cli.output import counted, print_line


@click.command()
@click.pass_obj
def stop(context: Context) -> None:
    """End all engines of [engine] ray_namespace, on all machines.

    They outlive the bots, so that others may come. After an update or another [engine] setting they
    have to be begun anew: a bot that runs does so within seconds.
    """
    # Ray and what the bot is made of take a second to import.
    from bot.pool.opening import ray_spec
    from bot.pool.ray_serving import stop_all

    names = stop_all(ray_spec(context.settings.engine))
    print_line(f"{counted(len(names), 'engine')} ended." if names else "There was none.")
