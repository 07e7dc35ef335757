"""`mynah voices pause`, `resume` and `share`: who may speak as a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_own, with_store
from bot.cli.options import guild_option
from bot.cli.output import print_line
from bot.cli.voices.words import reach_in_words

if TYPE_CHECKING:
    from storage.access import VoiceAccess
    from storage.types import Reach, VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument(own=True)
@guild_option
@click.pass_obj
def pause(context: Context, name: str, guild_id: int) -> None:
    """Stop the voice NAME everywhere, at once."""
    from storage.reach import ReachStore

    async def work(store: VoiceStore) -> tuple[VoiceProfile, bool]:
        profile = await find_own(store, guild_id, name)
        return await ReachStore.beside(store).pause(profile.id, by="admin")

    profile, changed = with_store(context, work, any_key=True)
    state = "is paused: nobody can speak as it" if changed else "is paused already"
    print_line(f"“{profile.name}” {state}. mynah voices resume takes that back.")


@click.command()
@voice_argument(own=True)
@guild_option
@click.pass_obj
def resume(context: Context, name: str, guild_id: int) -> None:
    """Let the voice NAME speak again, unless its owner paused it."""
    from storage.reach import ReachStore

    async def work(store: VoiceStore) -> tuple[VoiceProfile, bool]:
        profile = await find_own(store, guild_id, name)
        return await ReachStore.beside(store).resume(profile.id, by="admin")

    profile, changed = with_store(context, work, any_key=True)
    if profile.paused:
        print_line(f"“{profile.name}” is paused by its owner, who alone can take that back.")
    elif changed:
        print_line(f"“{profile.name}” can speak again.")
    else:
        print_line(f"“{profile.name}” is not paused.")


@click.command()
@voice_argument(own=True)
@guild_option
@click.option(
    "--with", "reach", type=click.Choice(["owner", "named"]), required=True,
    help="owner: its owner alone; named: also the members and roles that its owner named.",
)  # fmt: skip
@click.pass_obj
def share(context: Context, name: str, guild_id: int, reach: str) -> None:
    """Have fewer people speak as the voice NAME."""
    from storage.access import SharingChange
    from storage.reach import ReachStore

    async def work(store: VoiceStore) -> VoiceAccess:
        profile = await find_own(store, guild_id, name)
        change = SharingChange(cast("Reach", reach))
        return await ReachStore.beside(store).share(profile.id, change, by="admin")

    access = with_store(context, work, any_key=True)
    print_line(f"“{access.name}” is for {reach_in_words(access)}.")
