"""`mynah audit`: the audit trail, shown, verified, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option
from bot.cli.audit_report import Found, tell
from bot.cli.completion import guild_ids
from bot.cli.context import Context
from bot.cli.destination import Destination
from bot.cli.lookup import with_store
from bot.cli.options import GUILD_ID, force_option
from bot.cli.output import EXIT_FAILED, print_line

if TYPE_CHECKING:
    from storage.voices import VoiceStore

NEWEST = 50
"""Rows that are shown unless another number is asked for."""


@click.command()
@click.option(
    "--guild",
    "guild_id",
    type=GUILD_ID,
    metavar="ID",
    shell_complete=guild_ids,
    help="Only the trail of this server, with its newest rows; 0: the operator's.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=10_000),
    default=NEWEST,
    metavar="N",
    help=f"Show so many rows. Default: {NEWEST}.",
)
@click.option("--verify", is_flag=True, help="Find rows that were removed, changed or added.")
@click.option(
    "--export",
    "output",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write all rows to FILE: CSV where it ends in .csv, else JSON lines. -: standard output.",
)
@force_option
@json_option
@click.pass_obj
def audit(
    context: Context,
    guild_id: int | None,
    limit: int,
    verify: bool,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Show, export or verify what happened on the servers.

    With --verify the exit code is 1 if a trail is not as it was written.
    """
    destination = None if output is None else Destination(output, force=force)
    if destination is not None:
        _check(destination, context, as_json=as_json)

    async def work(store: VoiceStore) -> Found:
        return await _find(store, guild_id, limit, destination, verify=verify)

    found = with_store(context, work, any_key=True)
    if destination is not None and found.exported is not None:
        path = destination.write(found.exported)
        if not as_json:
            print_line(f"Written to {path}.", err=destination.is_stdout)
    aside = destination is not None and destination.is_stdout
    tell(found, as_json=as_json, verify=verify, err=aside)
    return EXIT_FAILED if found.faults else 0


def _check(destination: Destination, context: Context, *, as_json: bool) -> None:
    destination.check(context.own_files)
    if as_json and destination.is_stdout:
        raise click.UsageError("Standard output takes either --json or --export -.")


async def _find(
    store: VoiceStore,
    guild_id: int | None,
    limit: int,
    destination: Destination | None,
    *,
    verify: bool,
) -> Found:
    found = Found()
    if verify:
        await _verify(store, guild_id, found)
    if destination is not None:
        as_csv = destination.path.suffix.lower() == ".csv"
        found.exported = await _export(store, guild_id, as_csv=as_csv)
    elif not verify:
        await _look(store, guild_id, limit, found)
    return found


async def _verify(store: VoiceStore, guild_id: int | None, found: Found) -> None:
    from storage.audit_check import missing_keys, sealed_since, verify

    found.verified = await _guilds(store, guild_id)
    for guild in found.verified:
        found.faults += await verify(store.database, guild, store.keys)
    found.sealed_since = await sealed_since(store.database, store.keys)
    found.missing_keys = await missing_keys(store.database, store.keys)


async def _export(store: VoiceStore, guild_id: int | None, *, as_csv: bool) -> bytes:
    from bot.audit.export import csv_heading, csv_line, json_line
    from storage.audit_reading import AuditReader

    reader, lines = AuditReader(store.database), [csv_heading()] if as_csv else []
    line = csv_line if as_csv else json_line
    for guild in await _guilds(store, guild_id):
        lines += [line(row) async for row in reader.all_rows(guild)]
    return "".join(lines).encode("utf-8", "backslashreplace")


async def _look(store: VoiceStore, guild_id: int | None, limit: int, found: Found) -> None:
    from storage.audit_reading import AuditFilter, AuditReader

    reader = AuditReader(store.database)
    if guild_id is None:
        found.trails = await reader.trails()
    else:
        found.rows = await reader.page(guild_id, AuditFilter(), limit)


async def _guilds(store: VoiceStore, guild_id: int | None) -> list[int]:
    from storage.audit_check import audited_guilds

    return await audited_guilds(store.database) if guild_id is None else [guild_id]
