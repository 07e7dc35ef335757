"""`mynah doctor`: what is damaged in the data, and what to do about it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import EXIT_FAILED, counted, print_line, progress_steps
from bot.database_place import needs_sqlite

if TYPE_CHECKING:
    from bot.operations.doctor import Examination
    from bot.operations.findings import Finding
    from bot.operations.repair import Repaired
    from storage.sealing import KeyRing


@click.command()
@click.option("--fix", is_flag=True, help="Repair what can be; stop the bot before.")
@json_option
@click.pass_obj
@needs_sqlite(
    "doctor", "`mynah check` reads every row and recording; the server looks after its own files."
)
def doctor(context: Context, fix: bool, as_json: bool) -> int:
    """Find damage in the data and say what to do.

    Reads everything: the database, every recording, the evidence of consents, the audit trails.
    Changes nothing without --fix, which keeps what it replaces. Exits with 1 while anything is
    damaged.
    """
    from bot.clip_place import refuse_apart
    from bot.keys import key_ring

    storage = context.settings.storage
    refuse_apart(storage, "doctor")
    keys = key_ring(storage)
    with progress_steps() as show:
        show("Reading all that is stored ...", 0)
        found, repaired = _run(storage.directory, keys, fix)
    left = repaired.left if repaired else found
    if as_json:
        print_json(_document(found, repaired))
    else:
        _tell(found, repaired)
    return EXIT_FAILED if left.damaged else 0


def _run(directory: Path, keys: KeyRing, fix: bool) -> tuple[Examination, Repaired | None]:
    from bot.operations.doctor import examine
    from bot.operations.repair import repair

    if not fix:
        return asyncio.run(examine(directory, keys)), None
    repaired = asyncio.run(repair(directory, keys))
    return repaired.found, repaired


def _tell(found: Examination, repaired: Repaired | None) -> None:
    shown = list(found.findings)
    if repaired is not None:
        shown += [finding for finding in repaired.left.findings if finding not in shown]
    for finding in shown:
        done = repaired is not None and repaired.is_repaired(finding)
        mark = ("mended", "green") if done else _mark(finding)
        print_line(mark, " ", finding.what)
        if not done:
            print_line("       ", finding.advice)
    damages = sum(finding.severity == "damage" for finding in found.findings)
    if repaired is None:
        _sum_up(found, damages)
        return
    left = sum(finding.severity == "damage" for finding in repaired.left.findings)
    print_line(
        f"{damages} found, {counted(left, 'damage')} left." if damages else "Nothing is damaged."
    )
    if repaired.kept is not None:
        print_line(
            f"What was replaced is in {repaired.kept}. Delete it when all is well: it holds data "
            "of people."
        )


def _mark(finding: Finding) -> tuple[str, str]:
    return ("DAMAGE", "bold red") if finding.severity == "damage" else ("note  ", "yellow")


def _sum_up(found: Examination, damages: int) -> None:
    if not damages:
        print_line("Nothing is damaged.")
        return
    repairable = sum(f.repairable and f.severity == "damage" for f in found.findings)
    hint = f" `mynah doctor --fix` sees to {repairable}; stop the bot before." if repairable else ""
    print_line(f"{counted(damages, 'damage')}.{hint}")


def _document(found: Examination, repaired: Repaired | None) -> dict[str, Any]:
    left = repaired.left if repaired else found
    rescued = found.rescued
    return {
        "ok": not left.damaged,
        "findings": [
            {**asdict(finding), "repaired": repaired is not None and repaired.is_repaired(finding)}
            for finding in found.findings
        ],
        "rescued": None
        if rescued is None
        else {
            "pages": rescued.pages,
            "lost_pages": rescued.lost,
            "rows": dict(rescued.rows),
            "mended": dict(rescued.mended),
            "dropped": dict(rescued.dropped),
        },
        "kept": None if repaired is None or repaired.kept is None else str(repaired.kept),
    }
