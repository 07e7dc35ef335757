"""`mynah enroll`: a recording becomes a voice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.context import Context
from bot.cli.options import guild_option, language_option
from bot.cli.output import print_facts, progress_steps
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.enrolment.types import EnrolmentSample, QualityReport
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

    voice = NewVoice(guild_id, name, language)
    try:
        sample, profile, clip_path = asyncio.run(_enroll(context.settings, file, voice))
    except SampleRejectedError as error:
        print_facts(_report_rows(error.report))
        _write_picture(picture, error.picture)
        raise
    print_facts(_report_rows(sample.report) + _stored_rows(profile, clip_path))
    _write_picture(picture, sample.picture)


async def _enroll(
    settings: Settings, file: Path, voice: NewVoice
) -> tuple[EnrolmentSample, VoiceProfile, Path]:
    from bot.app import open_enrolment, open_store

    async with open_store(settings) as store, open_enrolment(settings, store) as enrolment:
        with progress_steps(total=3) as show:
            show(f"Reading {file} ...", 0)
            await enrolment.check_new(voice.guild_id, voice.name)
            data = await asyncio.to_thread(_read, file, enrolment.limits.max_bytes)
            show("Decoding, finding speech, measuring ...", 1)
            sample = await enrolment.prepare(data)
            show("Storing the voice ...", 2)
            profile = await enrolment.save(sample, voice)
        return sample, profile, store.clip_path(profile)


def _read(file: Path, max_bytes: int) -> bytes:
    """Read the file, but never much more than is allowed: the service refuses the rest."""
    try:
        with file.open("rb") as stream:
            return stream.read(max_bytes + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from None


def _write_picture(path: Path | None, picture: bytes) -> None:
    if path is None:
        return
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise UserError(f"The picture {path} cannot be written ({error.strerror}).") from None
    print_facts([("picture", str(path))])


def _report_rows(report: QualityReport) -> list[tuple[str, str]]:
    findings = [(finding.code, f"{finding.reason} {finding.advice}") for finding in report.findings]
    return [
        ("verdict", report.verdict),
        ("recording", f"{report.total_seconds:.1f} s, {report.speech_seconds:.1f} s of speech"),
        ("kept", _kept(report)),
        ("signal to noise", _measure(report.snr_db, "dB", ".0f")),
        ("clipped", f"{report.clipped_share:.2%}"),
        ("loudness", _measure(report.loudness_lufs, "LUFS", ".1f")),
        ("median pitch", _measure(report.median_pitch_hz, "Hz", ".0f")),
        *((f"! {code.replace('_', ' ')}", text) for code, text in findings),
    ]


def _kept(report: QualityReport) -> str:
    if report.kept_end <= report.kept_start:
        return "nothing"
    seconds = report.kept_end - report.kept_start
    return (
        f"{seconds:.1f} s, from {report.kept_start:.1f} to {report.kept_end:.1f} s, with "
        f"{report.kept_speech_seconds:.1f} s of speech"
    )


def _measure(value: float | None, unit: str, form: str) -> str:
    return "not measurable" if value is None else f"{value:{form}} {unit}"


def _stored_rows(profile: VoiceProfile, clip_path: Path) -> list[tuple[str, str]]:
    owner = f"server {profile.guild_id}" if profile.guild_id else "every server (operator's voice)"
    return [
        ("stored as", f"“{profile.name}” for {owner}"),
        ("clip", str(clip_path)),
        ("try it", f'mynah say "Hello!" --voice "{profile.name}"'),
    ]
