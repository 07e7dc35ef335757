"""`mynah voices replace` and `mynah voices restore`: another recording for a voice."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json, voice_document
from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.lookup import find_own, with_store
from bot.cli.options import force_option, guild_option
from bot.cli.output import print_facts, print_line, progress_steps
from bot.cli.recording import Picture, picture_option, read_recording, recording_argument, sample_of
from bot.cli.reports import report_rows
from bot.cli.voices.words import date, too_short

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.enrolment.types import EnrolmentSample
    from storage.types import VoiceProfile
    from storage.voices import VoiceStore


@click.command()
@voice_argument(own=True)
@recording_argument
@guild_option
@picture_option
@force_option
@json_option
@click.pass_obj
def replace(
    context: Context,
    name: str,
    file: Path,
    guild_id: int,
    picture: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Give the voice NAME another recording.

    Its name and settings stay. The former recording is kept for 7 days: mynah voices restore NAME
    brings it back.
    """
    drawing = Picture(picture, force=force, told=not as_json)
    drawing.check(context.own_files, file)
    with drawing.of_what_is_rejected():
        sample, profile, clip = asyncio.run(_replace(context.settings, name, file, guild_id))
    if not as_json:
        print_facts(report_rows(sample.report.to_json()) + _replaced_rows(profile, clip))
    drawn = drawing.write(sample.picture)
    if as_json:
        print_json({"voice": voice_document(profile, clip), "picture": drawn})


async def _replace(
    settings: Settings, name: str, file: Path, guild_id: int
) -> tuple[EnrolmentSample, VoiceProfile, str]:
    from bot.app import open_enrolment, open_store

    async with open_store(settings) as store, open_enrolment(settings, store) as enrolment:
        with progress_steps(total=3) as show:
            show(f"Reading {file} ...", 0)
            voice = await find_own(store, guild_id, name)
            enrolment.refusals.refuse_more_of(voice.name)
            data = await asyncio.to_thread(read_recording, file, enrolment.limits)
            sample = await sample_of(settings, enrolment, data, show)
            show("Storing the recording ...", 2)
            profile = await enrolment.replace(voice.id, sample)
        return sample, profile, store.clip_location(profile)


def _replaced_rows(profile: VoiceProfile, clip: str) -> list[tuple[str, str]]:
    rows = [("stored as", f"“{profile.name}”"), ("file", clip)]
    if profile.former_until is None:  # the same recording once more
        return rows
    guild = f" --guild {profile.guild_id}" if profile.guild_id else ""
    undo = f"mynah voices restore {shlex.quote(profile.name)}{guild}"
    return [*rows, ("to undo", f"{undo} (until {date(profile.former_until)})")]


@click.command()
@voice_argument(own=True)
@guild_option
@click.pass_obj
def restore(context: Context, name: str, guild_id: int) -> None:
    """Bring back a recording that was replaced.

    For 7 days the voice NAME can have the recording again that it had before. The two change
    places, so that a second restore undoes the first.
    """

    from bot.app import expected_clip_need

    async def work(store: VoiceStore) -> VoiceProfile:
        return await store.restore((await find_own(store, guild_id, name)).id)

    profile = with_store(context, work)
    print_line(f"“{profile.name}” has its former recording again ({profile.seconds:.1f} s).")
    if note := too_short(profile, expected_clip_need(context.settings)):
        print_line((note, "yellow"))
