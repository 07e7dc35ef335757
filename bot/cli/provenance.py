"""`mynah provenance`: was a recording made here?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.as_json import json_option, moment_json, print_json
from bot.cli.context import Context
from bot.cli.output import EXIT_NOT_KNOWN, print_facts, print_line, progress_steps
from bot.cli.recording import read_recording, recording_argument
from bot.cli.voices.words import date, server

if TYPE_CHECKING:
    from bot.audit.provenance import Answer, Provenance
    from bot.config import Settings
    from storage.audit_rows import AuditRow, Who

_ANSWERS: dict[Answer, str] = {
    "made here": "Made here: exactly this was spoken.",
    "watermarked": (
        "Synthetic, but not known here: it carries the watermark of Chatterbox. It was made "
        "elsewhere, or changed since, or so long ago that the audit trail has it no more."
    ),
    "unknown": "Cannot be known. That does not prove that a person spoke.",
}


@click.command()
@recording_argument
@json_option
@click.pass_obj
def provenance(context: Context, file: Path, as_json: bool) -> int:
    """Say whether FILE was made here, by whom, and in which voice.

    Compares its Opus packets, unchanged, with the audit trails of all servers, and looks for the
    watermark of Chatterbox. Exits with 3 when it was not made here, as far as that can be known.
    """
    found = asyncio.run(_provenance(context.settings, file))
    if as_json:
        print_json(_document(found))
    else:
        print_line(_ANSWERS[found.answer])
        for row in found.utterances:
            print_facts(_facts(row))
        print_facts(_evidence(found))
    return 0 if found.answer == "made here" else EXIT_NOT_KNOWN


async def _provenance(settings: Settings, file: Path) -> Provenance:
    from bot.app import open_enrolment, open_store
    from bot.audit.provenance import provenance_of
    from bot.audit.trail import AuditTrail
    from bot.cli.lookup import settings_beside
    from bot.engines import open_engine

    async with (
        open_store(settings, any_key=True) as store,
        open_enrolment(settings, store) as enrolment,
        open_engine(settings) as engine,
    ):
        trail = AuditTrail.beside(store, settings_beside(store))
        with progress_steps() as show:
            show(f"Reading {file} ...", 0)
            data = await asyncio.to_thread(read_recording, file, enrolment.limits)
            return await provenance_of(data, enrolment, trail.find, engine)


def _facts(row: AuditRow) -> list[tuple[str, str]]:
    voice = f"“{row.voice}”" if row.voice is not None else "deleted"
    return [
        ("spoken", f"{date(row.began)}, {row.seconds or 0:.1f} s"),
        ("server", server(row.guild_id)),
        ("by", _who(row.actor)),
        ("voice", f"{voice} (number {row.voice_id})"),
        ("of", _who(row.subject)),
    ]


def _evidence(found: Provenance) -> list[tuple[str, str]]:
    compared = "yes" if found.comparable else "no: not the packets of one track of Opus"
    mark = "cannot be looked for here; it takes PerTh, which comes with the extra chatterbox"
    if found.watermark is not None:
        mark = f"{found.watermark:.2f} (1 is certain)"
    return [("packets compared", compared), ("watermark", mark)]


def _who(member: Who) -> str:
    match member:
        case None:
            return "nobody known"
        case "deleted":
            return "a member who was forgotten"
        case "operator" | "bot":
            return f"the {member}"
        case _:
            return str(member)


def _document(found: Provenance) -> dict[str, Any]:
    return {
        "answer": found.answer,
        "comparable": found.comparable,
        "watermark": found.watermark,
        "utterances": [
            {
                "guild_id": str(row.guild_id),
                "number": row.number,
                "began_at": moment_json(row.began),
                "ended_at": moment_json(row.at),
                "seconds": row.seconds,
                "speaker": None if row.actor is None else str(row.actor),
                "voice_id": row.voice_id,
                "voice": row.voice,
                "owner_id": None if row.subject is None else str(row.subject),
                "packets_sha256": row.packets_sha256,
            }
            for row in found.utterances
        ],
    }
