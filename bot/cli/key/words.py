"""What the commands on keys share: the configured keys, sealing anew, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.output import EXIT_FAILED, print_error, print_line, progress_steps
from bot.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from storage.resealing import Resealed
    from storage.voices import VoiceStore

MOST_TOLD = 10

NO_KEY = "No key is configured. `mynah key new FILE` makes one and says how to name it."


def require_keys(store: VoiceStore) -> None:
    """Raise UserError where there is no key."""
    if not store.keys:
        raise UserError(NO_KEY)


def require_key_file(store: VoiceStore) -> Path:
    """Return the file that the keys come from. Raises UserError where there is none."""
    require_keys(store)
    if store.keys.file is None:
        raise UserError(
            "The key comes from the environment, where no command can change it. Put a new one "
            "(`mynah key new -`) before it there, apart by a comma, restart the bot, and run "
            "`mynah key seal`."
        )
    return store.keys.file


async def reseal(store: VoiceStore, *, plain: bool = False) -> Resealed:
    """Seal all anew with the newest key; plain: open it for good instead."""
    from storage.audit import AuditStore
    from storage.audit_events import KeyRotated
    from storage.audit_rows import OPERATOR
    from storage.resealing import Resealing
    from storage.types import OPERATOR_GUILD_ID

    doing = "Unsealing" if plain else "Sealing"
    with progress_steps() as show:

        def on_progress(done: int, total: int) -> None:
            show(f"{doing} {total}: {10 * (10 * done // total)} % ...", 0)

        resealed = await Resealing.beside(store, plain=plain).run(on_progress)
    if resealed.changed:
        event = KeyRotated(by=OPERATOR, clips=resealed.changed, plain=plain)
        trail = AuditStore(store.database, store.keys)
        await trail.append(OPERATOR_GUILD_ID, [event.row()])
        await trail.seal_all()
    return resealed


def tell(resealed: Resealed, done: str) -> int:
    """Print what was done to how many and what could not be; return the exit code."""
    from bot.keys import things

    print_line(f"{done}: {things(resealed.changed)}.")
    for fault in resealed.failed[:MOST_TOLD]:
        print_error(fault)
    if len(resealed.failed) > MOST_TOLD:
        print_error(f"And {len(resealed.failed) - MOST_TOLD} more.")
    return EXIT_FAILED if resealed.failed else 0
