"""`mynah enroll`: a recording becomes a voice."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json, voice_document
from bot.cli.context import Context
from bot.cli.options import force_option, guild_option, language_option
from bot.cli.output import print_facts, progress_steps
from bot.cli.recording import Picture, picture_option, read_recording, recording_argument, sample_of
from bot.cli.reports import report_rows

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.enrolment.types import EnrolmentSample
    from storage.types import NewVoice, VoiceProfile


@click.command()
@recording_argument
@click.option("--name", required=True, help="Name of the voice, unique within its server.")
@guild_option
@language_option
@picture_option
@force_option
@json_option
@click.pass_obj
def enroll(
    context: Context,
    file: Path,
    name: str,
    guild_id: int,
    language: str | None,
    picture: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Enrol a voice from FILE, any recording of one person speaking.

    Finds the speech, keeps the best part, says how good it is and stores it. A running bot can use
    the voice at once. Enrol only your own voice, or one whose speaker has agreed.
    """
    from storage.types import NewVoice

    drawing = Picture(picture, force=force, told=not as_json)
    drawing.check(context.own_files, file)
    voice = NewVoice(guild_id, name, language)
    with drawing.of_what_is_rejected():
        sample, profile, clip = asyncio.run(_enroll(context.settings, file, voice))
    if not as_json:
        print_facts(report_rows(sample.report.to_json()) + _stored_rows(profile, clip))
    drawn = drawing.write(sample.picture)
    if as_json:
        print_json({"voice": voice_document(profile, clip), "picture": drawn})


async def _enroll(
    settings: Settings, file: Path, voice: NewVoice
) -> tuple[EnrolmentSample, VoiceProfile, str]:
    from bot.app import open_enrolment, open_store

    async with open_store(settings) as store, open_enrolment(settings, store) as enrolment:
        with progress_steps(total=3) as show:
            show(f"Reading {file} ...", 0)
            await enrolment.check_new(voice.guild_id, voice.name)
            data = await asyncio.to_thread(read_recording, file, enrolment.limits)
            sample = await sample_of(settings, enrolment, data, show)
            show("Storing the voice ...", 2)
            profile = await enrolment.save(sample, voice)
        return sample, profile, store.clip_location(profile)


def _stored_rows(profile: VoiceProfile, clip: str) -> list[tuple[str, str]]:
    guild = f" --guild {profile.guild_id}" if profile.guild_id else ""
    owner = f"server {profile.guild_id}" if profile.guild_id else "every server (operator's voice)"
    return [
        ("stored as", f"“{profile.name}” for {owner}"),
        ("file", clip),
        ("try it", f"mynah say 'Hello!' --voice {shlex.quote(profile.name)}{guild}"),
    ]
