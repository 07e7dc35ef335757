"""`mynah key rotate`: a new key for all that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.key.words import require_key_file, reseal, tell
from bot.cli.lookup import with_store
from bot.cli.output import EXIT_FAILED, print_line, print_warning

if TYPE_CHECKING:
    from storage.voices import VoiceStore


@click.command()
@click.pass_obj
def rotate(context: Context) -> int:
    """Change the key: all that is stored is sealed by a new one.

    The old key leaves the key file when nothing needs it any more. Works while the bot runs. If it
    was ended in between, run it again: it goes on where it was.
    """

    async def work(store: VoiceStore) -> int:
        from storage.rotation import begin_rotation, finish_rotation

        file = require_key_file(store)
        if not await begin_rotation(store, file):
            print_line(f"{file} holds several keys: a change that was begun before is finished.")
        resealed = await reseal(store)
        code = tell(resealed, f"Sealed by the key {store.keys.newest}")
        kept = await finish_rotation(store, file)
        if not kept:
            print_line(f"{file} holds that key alone now. Keep a copy of it in a safe place.")
            print_line("Backups made before need the key that they were made with: keep both.")
            return code
        print_warning(f"Some of it still needs {', '.join(kept)}, so that stays in {file}.")
        return EXIT_FAILED

    return with_store(context, work)
