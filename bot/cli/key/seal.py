"""`mynah key seal` and `mynah key unseal`: all that is stored, by the newest key or by none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.key.words import require_keys, reseal, tell
from bot.cli.lookup import with_store
from bot.cli.options import confirm
from bot.cli.output import print_line

if TYPE_CHECKING:
    from storage.resealing import Resealed
    from storage.voices import VoiceStore


@click.command()
@click.pass_obj
def seal(context: Context) -> int:
    """Seal all that is stored with the newest key.

    What lies plain, or is sealed by an older key. Works while the bot runs, and goes on where it
    was if it is run again.
    """

    async def work(store: VoiceStore) -> tuple[Resealed, str | None, bool]:
        require_keys(store)
        resealed = await reseal(store)
        return resealed, store.keys.newest, not (await store.seals()).older

    resealed, newest, done = with_store(context, work)
    code = tell(resealed, f"Sealed by the key {newest}")
    if done and not resealed.failed:
        print_line("Nothing here needs an older key any more. Backups made before do.")
    return code


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def unseal(context: Context, yes: bool) -> int:
    """Store everything plain again, to do without a key.

    Stop the bot before: it goes on sealing what it stores.
    """
    question = "Store all recordings so that whoever reads the disk can hear them?"
    if not yes and not confirm(question, refusal="nothing was changed. Add --yes to do it"):
        print_line("Nothing was changed.")
        return 0

    async def work(store: VoiceStore) -> Resealed:
        require_keys(store)
        return await reseal(store, plain=True)

    code = tell(with_store(context, work), "Plain now")
    print_line("Take key_file out of the configuration. Keep the key: older backups need it.")
    return code
