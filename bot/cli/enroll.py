"""`mynah enroll`: a recording becomes a voice."""

from __future__ import annotations

import asyncio
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.options import guild_option, language_option
from bot.cli.output import print_error, print_facts, progress_steps
from bot.cli.reports import report_rows
from bot.errors import OutputError, UserError
from bot.files import check_output, write_whole

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.enrolment.types import EnrolmentLimits, EnrolmentSample
    from storage.types import NewVoice, VoiceProfile


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Name of the voice, unique within its server.")
@guild_option
@language_option
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="OUT.png",
    help="Also write the picture of the recording: waveform, speech and what was kept.",
)
@click.pass_obj
def enroll(
    context: Context,
    file: Path,
    name: str,
    guild_id: int,
    language: str | None,
    picture: Path | None,
) -> None:
    """Enrol a voice from FILE, any recording of one person speaking.

    Finds the speech, keeps the best part, says how good it is and stores it. A running bot can use
    the voice at once. Enrol only your own voice, or one whose speaker has agreed.
    """
    from bot.enrolment.types import SampleRejectedError
    from storage.types import NewVoice

    if picture is not None:
        check_output(picture)
    voice = NewVoice(guild_id, name, language)
    try:
        sample, profile, clip_path = asyncio.run(_enroll(context.settings, file, voice))
    except SampleRejectedError as error:
        print_facts(report_rows(error.report.to_json()))
        try:
            _write_picture(picture, error.picture)
        except OutputError as unwritten:  # must not hide why the recording was rejected
            print_error(str(unwritten))
        raise
    print_facts(report_rows(sample.report.to_json()) + _stored_rows(profile, clip_path))
    _write_picture(picture, sample.picture)


async def _enroll(
    settings: Settings, file: Path, voice: NewVoice
) -> tuple[EnrolmentSample, VoiceProfile, Path]:
    from bot.app import open_enrolment, open_store

    async with open_store(settings) as store, open_enrolment(settings, store) as enrolment:
        with progress_steps(total=3) as show:
            show(f"Reading {file} ...", 0)
            await enrolment.check_new(voice.guild_id, voice.name)
            data = await asyncio.to_thread(_read, file, enrolment.limits)
            show("Decoding, finding speech, measuring ...", 1)
            sample = await enrolment.prepare(data)
            show("Storing the voice ...", 2)
            profile = await enrolment.save(sample, voice)
        return sample, profile, store.clip_path(profile)


def _read(file: Path, limits: EnrolmentLimits) -> bytes:
    """Read a file whose size is allowed."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe could wait forever
            raise UserError(f"{file} is not a file. Save the recording as one first.")
        limits.check_size(status.st_size)
        with file.open("rb") as stream:
            return stream.read(limits.max_bytes + 1)  # it may have grown; the service checks again
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from None


def _write_picture(path: Path | None, picture: bytes) -> None:
    if path is not None:
        write_whole(path, picture)
        print_facts([("picture", str(path))])


def _stored_rows(profile: VoiceProfile, clip_path: Path) -> list[tuple[str, str]]:
    guild = f" --guild {profile.guild_id}" if profile.guild_id else ""
    owner = f"server {profile.guild_id}" if profile.guild_id else "every server (operator's voice)"
    return [
        ("stored as", f"“{profile.name}” for {owner}"),
        ("clip", str(clip_path)),
        ("try it", f"mynah say 'Hello!' --voice {shlex.quote(profile.name)}{guild}"),
    ]
