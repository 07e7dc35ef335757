"""`mynah voices`: what is stored, and what can be done with it."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.table import Table
from rich.text import Text

from bot.cli.context import Context
from bot.cli.options import GUILD_ID, guild_option, language_option, voice_settings_options
from bot.cli.output import counted, print_facts, stdout
from bot.cli.reports import report_rows
from bot.errors import UserError
from bot.files import check_output, write_whole
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import ALL, describe, number, settings_of
from storage.errors import VoiceNotFoundError
from storage.types import CLIP_SAMPLE_RATE

if TYPE_CHECKING:
    from storage.types import ReferenceClip, VoiceProfile
    from storage.voices import VoiceStore

R = TypeVar("R")
PAGE = 500


def _with_store(context: Context, work: Callable[[VoiceStore], Awaitable[R]]) -> R:
    from bot.app import open_store

    async def run() -> R:
        async with open_store(context.settings) as store:
            return await work(store)

    return asyncio.run(run())


async def _own(store: VoiceStore, guild_id: int, name: str) -> VoiceProfile:
    """Find the voice in this guild alone: a change must not fall through to the operator's."""
    profile = await store.find(guild_id, name)
    if profile.guild_id != guild_id:
        raise VoiceNotFoundError(
            f"Server {guild_id} has no voice named “{name}” of its own; it is an operator's voice. "
            "Leave --guild out to change that one."
        )
    return profile


@click.group(invoke_without_command=True)
@click.option("--guild", "guild_id", type=GUILD_ID, metavar="ID", help="Only this server's.")
@click.pass_context
def voices(context: click.Context, guild_id: int | None) -> None:
    """List the stored voices; show, tune, rename, delete or export one."""
    if context.invoked_subcommand is None:
        _list(context.obj, guild_id)
    elif guild_id is not None:
        raise click.UsageError("Give --guild after the command: mynah voices show NAME --guild ID.")


def _list(context: Context, guild_id: int | None) -> None:
    profiles = _with_store(context, lambda store: _all(store, guild_id))
    if not profiles:
        _say_none(guild_id)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("server", "name", "seconds", "language", "pitch", "added", "uses", "state"):
        table.add_column(column)
    for profile in profiles:
        table.add_row(*(Text(cell) for cell in _row(profile)))
    stdout().print(table)


def _say_none(guild_id: int | None) -> None:
    who = f"Server {guild_id} has no voices of its own." if guild_id else "No voices yet."
    guild = f" --guild {guild_id}" if guild_id else ""
    stdout().print(f"{who} Enrol one: mynah enroll FILE --name NAME{guild}", soft_wrap=True)


async def _all(store: VoiceStore, guild_id: int | None) -> list[VoiceProfile]:
    guilds = await store.guild_ids() if guild_id is None else [guild_id]
    profiles: list[VoiceProfile] = []
    for guild in guilds:
        offset = 0
        while page := await store.list_voices(guild, PAGE, offset):
            profiles += page
            offset += PAGE
    return profiles


def _row(profile: VoiceProfile) -> tuple[str, ...]:
    return (
        _server(profile.guild_id),
        profile.name,
        f"{profile.seconds:.1f}",
        profile.language or "-",
        _pitch(profile.pitch_hz),
        _date(profile.created_at),
        str(profile.use_count),
        "DAMAGED" if profile.damage else "ok",
    )


def _server(guild_id: int) -> str:
    return str(guild_id) if guild_id else "operator"


def _pitch(pitch_hz: float | None) -> str:
    return f"{pitch_hz:.0f} Hz" if pitch_hz else "-"


def _date(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"


@voices.command()
@click.argument("name")
@guild_option
@click.pass_obj
def show(context: Context, name: str, guild_id: int) -> None:
    """Show everything that is stored about the voice NAME."""

    async def work(store: VoiceStore) -> tuple[VoiceProfile, Path]:
        profile = await store.find(guild_id, name)
        return profile, store.clip_path(profile)

    profile, path = _with_store(context, work)
    facts = [
        ("name", profile.name),
        ("id", str(profile.id)),
        ("server", _server(profile.guild_id)),
        ("clip", f"{profile.seconds:.1f} s, {path}"),
        ("hash", f"{profile.clip_sha256} (SHA-256 of the samples)"),
        ("state", profile.damage or "ok"),
        *_quality_rows(profile),
        ("language", profile.language or "-"),
        ("speaks with", describe(settings_of(profile))),
        ("owner", str(profile.owner_id or "the operator")),
        ("consent", _consent(profile)),
        ("added", _date(profile.created_at)),
        ("last used", f"{_date(profile.last_used_at)} ({counted(profile.use_count, 'use')})"),
    ]
    print_facts(facts)


def _quality_rows(profile: VoiceProfile) -> list[tuple[str, str]]:
    if profile.quality is None:
        return [("quality", "not measured"), ("median pitch", _pitch(profile.pitch_hz))]
    return report_rows(profile.quality)


def _consent(profile: VoiceProfile) -> str:
    if profile.consented_at is None:
        return "none recorded (enrolled by the operator)"
    return f"by {profile.consented_by} on {_date(profile.consented_at)}"


@voices.command()
@click.argument("name")
@guild_option
@voice_settings_options
@language_option
@click.option("--reset", is_flag=True, help="Go back to the model's defaults first.")
@click.pass_obj
def tune(
    context: Context,
    name: str,
    guild_id: int,
    voice_settings: VoiceSettings,
    language: str | None,
    reset: bool,
) -> None:
    """Set how the voice NAME speaks; without a setting, show how it does."""

    async def work(store: VoiceStore) -> VoiceProfile:
        profile = await _own(store, guild_id, name)
        current = settings_of(profile)
        settings = voice_settings if reset else voice_settings.over(current)
        if settings == current and language in (None, profile.language):
            return profile
        spoken = language or profile.language
        return await store.tune(profile.id, **asdict(settings), language=spoken)

    profile = _with_store(context, work)
    settings = asdict(settings_of(profile))
    print_facts(
        [
            *((name, _setting(name, value)) for name, value in settings.items()),
            ("language", profile.language or "-"),
        ]
    )


def _setting(name: str, value: float | None) -> str:
    about = ALL[name]
    shown = f"{about.default_text} (default)" if value is None else number(value)
    return f"{shown:<20} {number(about.lowest)} to {number(about.highest)}: {about.meaning}"


@voices.command()
@click.argument("name")
@click.argument("new_name")
@guild_option
@click.pass_obj
def rename(context: Context, name: str, new_name: str, guild_id: int) -> None:
    """Rename the voice NAME to NEW_NAME."""

    async def work(store: VoiceStore) -> VoiceProfile:
        return await store.rename((await _own(store, guild_id, name)).id, new_name)

    profile = _with_store(context, work)
    stdout().print(Text(f"“{name}” is now “{profile.name}”."))


@voices.command()
@click.argument("name")
@guild_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(context: Context, name: str, guild_id: int, yes: bool) -> None:
    """Delete the voice NAME and its recording for good."""

    async def find(store: VoiceStore) -> VoiceProfile:
        return await _own(store, guild_id, name)

    profile = _with_store(context, find)
    if not yes:
        _confirm(f"Delete the voice “{profile.name}” and its recording for good?")
    _with_store(context, lambda store: store.delete(profile.id))
    stdout().print(Text(f"“{profile.name}” is deleted."))


def _confirm(question: str) -> None:
    """Raise `click.Abort` for no, `UsageError` where nobody can answer."""
    try:
        agreed = click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("Nobody is there to answer. Add --yes.") from None
    if not agreed:
        raise click.Abort


@voices.command()
@click.argument("name")
@guild_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="OUT.wav",
    help="Default: NAME.wav in this directory.",
)
@click.pass_obj
def export(context: Context, name: str, guild_id: int, output: Path | None) -> None:
    """Write the recording of the voice NAME as a WAV: mono, 24 kHz, 32-bit float, as stored."""

    async def work(store: VoiceStore) -> Path:
        profile = await store.find(guild_id, name)
        path = output or Path(f"{profile.name.replace('/', '_')}.wav")
        check_output(path)
        write_whole(path, _wav(await store.load_clip(profile)))
        return path

    if output is not None and output.suffix.lower() != ".wav":
        raise UserError(f"{output.name} does not end in .wav, the only format that is exported.")
    stdout().print(Text(f"Written to {_with_store(context, work)}."))


def _wav(clip: ReferenceClip) -> bytes:
    import soundfile  # only here: the other commands need not wait for it

    file = io.BytesIO()
    soundfile.write(file, clip.samples, CLIP_SAMPLE_RATE, subtype="FLOAT", format="WAV")
    return file.getvalue()
