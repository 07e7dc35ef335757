"""`mynah sync`: tell Discord which commands there are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.options import GUILD_ID
from bot.cli.output import stdout

if TYPE_CHECKING:
    from bot.config import Settings


@click.command()
@click.option(
    "--guild",
    "guild_id",
    type=GUILD_ID,
    default=0,
    metavar="ID",
    help="Give this server copies of its own. Default: all servers.",
)
@click.option("--remove", is_flag=True, help="Take the copies of --guild back.")
@click.pass_obj
def sync(context: Context, guild_id: int, remove: bool) -> None:
    """Tell Discord about the commands. `mynah run` does it by itself whenever they changed."""
    if remove and not guild_id:
        raise click.UsageError("--remove needs --guild.")
    stdout().print(asyncio.run(_sync(context.settings, guild_id, remove)))


async def _sync(settings: Settings, guild_id: int, remove: bool) -> str:
    # As in `run`: discord.py is imported only by the commands that need it.
    from bot.session import logged_in

    where = f"server {guild_id}" if guild_id else "all servers"
    async with logged_in(settings) as bot:
        if remove:
            await bot.remove_guild_commands(guild_id)
            return f"Removed the copies of {where}."
        count = await bot.sync_commands(guild_id, force=True)
    return f"Discord knows {count} commands for {where}."
