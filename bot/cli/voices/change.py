"""`mynah voices rename` and `mynah voices delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_own, with_store
from bot.cli.options import confirm, guild_option
from bot.cli.output import print_line

if TYPE_CHECKING:
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument(own=True)
@click.argument("new_name")
@guild_option
@click.pass_obj
def rename(context: Context, name: str, new_name: str, guild_id: int) -> None:
    """Rename the voice NAME to NEW_NAME."""
    from bot.consent.no_go import NoGoNames

    async def work(store: VoiceStore) -> tuple[VoiceProfile, VoiceProfile]:
        profile = await find_own(store, guild_id, name)
        NoGoNames(context.settings.enrolment.no_go_names).refuse(new_name)
        return profile, await store.rename(profile.id, new_name)

    before, after = with_store(context, work, any_key=True)
    print_line(f"“{before.name}” is now “{after.name}”.")


@click.command()
@voice_argument(own=True)
@guild_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(context: Context, name: str, guild_id: int, yes: bool) -> None:
    """Delete the voice NAME and its recording for good."""

    async def find(store: VoiceStore) -> VoiceProfile:
        return await find_own(store, guild_id, name)

    profile = with_store(context, find, any_key=True)
    question = f"Delete the voice “{profile.name}” and its recording for good?"
    if not yes and not confirm(question, refusal="nothing was deleted. Add --yes to delete"):
        print_line("Nothing was deleted.")
        return
    with_store(context, lambda store: store.delete(profile.id), any_key=True)
    print_line(f"“{profile.name}” is deleted.")
