"""`mynah backup` and `mynah restore`: the data directory as one file, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.destination import Destination
from bot.cli.options import force_option
from bot.cli.output import counted, print_facts, print_line, print_warning, progress_steps
from bot.database_place import needs_sqlite
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.operations.backup import MadeBackup
    from bot.operations.restore import RestoredBackup

_PIPE = Path("-")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seal", is_flag=True, help="Encrypt all of it by the storage key.")
@force_option
@json_option
@click.pass_obj
@needs_sqlite(
    "backup", "Use pg_dump, and copy the directory of the recordings (or the bucket) after it."
)
def backup(context: Context, file: Path, seal: bool, force: bool, as_json: bool) -> None:
    """Back up the data to one file; the bot may be running.

    Everything of one moment: voices, recordings, evidence, settings, dictionaries, audit trails.
    Not the key file and the configuration: keep copies of these apart. FILE is for this user alone;
    `-` writes to standard output.
    """
    from bot.clip_place import refuse_apart
    from bot.keys import key_ring
    from bot.operations.backup import make_backup

    settings = context.settings
    refuse_apart(settings.storage, "backup")
    keys = key_ring(settings.storage) if seal else None
    if keys is not None and not keys:
        raise UserError("There is no key to seal with. `mynah key new` makes one.")
    if file == _PIPE and as_json:
        raise UserError("Standard output cannot hold both the backup and JSON. Name a file.")
    _check_destination(file, context, force)
    path = None if file == _PIPE else file
    with _progress("Backing up") as on_progress:
        made = make_backup(settings.storage.directory, path, on_progress, keys=keys, replace=force)
    if as_json:
        print_json(_made_document(made, sealed=seal))
    else:
        _tell_made(made, file)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Read and check it; restore nothing.")
@click.option(
    "--force", is_flag=True, help="Replace data that is there; it is kept beside the directory."
)
@click.option("--any-key", is_flag=True, help="Also what is sealed by a key that is not there.")
@json_option
@click.pass_obj
@needs_sqlite("restore", "Use pg_restore, and put the recordings (clips/, or the bucket) back.")
def restore(
    context: Context, file: Path, only_check: bool, force: bool, any_key: bool, as_json: bool
) -> None:
    """Restore a backup into the data directory; stop the bot before.

    The backup is read whole and checked first, and takes the place of what is there at once, or not
    at all. `-` reads standard input.
    """
    from bot.clip_place import refuse_apart
    from bot.keys import key_ring
    from bot.operations.restore import check_backup, restore_backup

    storage = context.settings.storage
    refuse_apart(storage, "restore")
    path, keys = None if file == _PIPE else file, key_ring(storage)
    with _progress("Checking" if only_check else "Restoring") as on_progress:
        if only_check:
            found = check_backup(path, keys, on_progress)
        else:
            found = restore_backup(
                path, storage.directory, keys, on_progress, replace=force, any_key=any_key
            )
    if as_json:
        print_json(_restored_document(found, None if only_check else storage.directory))
    else:
        _tell_restored(found, None if only_check else storage.directory)


def _check_destination(file: Path, context: Context, force: bool) -> None:
    if file != _PIPE:
        Destination(file, force=force).check(context.own_files)
    elif sys.stdout is None or sys.stdout.isatty():
        raise UserError("A terminal is no place for a backup. Send it to a program or a file.")


@contextmanager
def _progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many megabytes are done, on a terminal."""
    with progress_steps() as show:
        show(f"{doing} ...", 0)

        def on_progress(done: int, total: int) -> None:
            if sys.stderr is not None and sys.stderr.isatty():
                show(f"{doing} ... {done / 1e6:.0f} of {total / 1e6:.0f} MB", 0)

        yield on_progress


def _tell_made(made: MadeBackup, file: Path) -> None:
    about = made.about
    err = made.path is None
    facts = [
        ("backup", "standard output" if err else str(file)),
        ("voices", f"{about.voices}, {counted(made.recordings, 'recording')}"),
        ("size", f"{made.bytes / 1e6:.1f} MB"),
    ]
    if about.keys:
        facts.append(("keys", f"needs {', '.join(about.keys)}: keep the key file apart from it"))
    print_facts(facts, err=err)
    if made.missing:
        print_warning(
            f"{counted(made.missing, 'recording')} that voices need could not be found and "
            f"{'is' if made.missing == 1 else 'are'} not in it. `mynah doctor` says which."
        )
    if made.odd:
        print_warning(f"Left out, because they are no recordings: {', '.join(made.odd[:10])}")


def _tell_restored(found: RestoredBackup, directory: Path | None) -> None:
    about = found.about
    facts = [
        ("made", f"{about.made_at} by Mynah {about.mynah} (schema {about.schema})"),
        ("voices", f"{about.voices}, {counted(found.recordings, 'recording')}"),
        ("size", f"{found.bytes / 1e6:.1f} MB"),
    ]
    if directory is not None:
        facts.append(("restored to", str(directory)))
    if found.kept is not None:
        facts.append(("kept", f"what was there is in {found.kept}: delete it when all is well"))
    print_facts(facts)
    if found.missing_keys:
        print_warning(
            f"Sealed by a key that is not there: {', '.join(found.missing_keys)}. Bring it back to "
            "the key file."
        )
    if directory is not None:
        print_line(
            f"What was deleted after {about.made_at} is back. Delete it again: mynah erase "
            "--member ID, mynah voices delete NAME."
        )


def _about(found: MadeBackup | RestoredBackup) -> dict[str, Any]:
    about = asdict(found.about)
    return {
        "mynah": about["mynah"],
        "schema": about["schema"],
        "made_at": about["made_at"],
        "voices": about["voices"],
        "recordings": found.recordings,
        "bytes": found.bytes,
        "keys": list(about["keys"]),
    }


def _made_document(made: MadeBackup, *, sealed: bool) -> dict[str, Any]:
    about = _about(made)
    return {"file": str(made.path), **about, "sealed": sealed, "missing": made.missing}


def _restored_document(found: RestoredBackup, directory: Path | None) -> dict[str, Any]:
    return {
        **_about(found),
        "missing_keys": list(found.missing_keys),
        "directory": None if directory is None else str(directory),
        "kept": None if found.kept is None else str(found.kept),
    }
