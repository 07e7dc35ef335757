"""`mynah check`: is everything in order, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence

import click
from rich.text import Text

from bot.cli.context import Context
from bot.cli.output import EXIT_FAILED, Show, counted, progress_steps, show_loading, stdout
from bot.config import Settings
from bot.errors import EngineError, MynahError
from storage.errors import StorageError, VoiceRequestError
from storage.types import LostClip

MAX_LISTED = 10
LOW_SPACE_BYTES = 500 * 1024 * 1024
SENTENCE = "The quick brown fox jumps over the lazy dog."

Check = Callable[[Settings, Show], Awaitable[str]]


class _CheckFailedError(MynahError):
    """A check found something wrong; the text says what to do."""


@click.command()
@click.pass_obj
def check(context: Context) -> int:
    """Check the configuration, the data, the engine and the codecs.

    Prints a line for each: ok, or what to do. Exits with 1 if something fails.
    """
    try:
        settings = context.settings
    except MynahError as error:
        _print("configuration", str(error), ok=False)
        return EXIT_FAILED
    _print("configuration", "valid", ok=True)
    return 0 if asyncio.run(_run(settings)) else EXIT_FAILED


async def _run(settings: Settings) -> bool:
    passed = [await _try(name, function, settings) for name, function in CHECKS]
    return all(passed)


async def _try(name: str, function: Check, settings: Settings) -> bool:
    try:
        with progress_steps() as show:
            show(f"Checking {name} ...", 0)
            detail = await function(settings, show)
    except (MynahError, StorageError, VoiceRequestError) as error:
        _print(name, str(error), ok=False)
        return False
    _print(name, detail, ok=True)
    return True


def _print(name: str, detail: str, *, ok: bool) -> None:
    mark = ("ok    ", "green") if ok else ("FAILED", "bold red")
    stdout().print(Text.assemble(mark, " ", (name, "bold"), ": ", detail), soft_wrap=True)


async def _data_directory(settings: Settings, _show: Show) -> str:
    directory = settings.storage.directory.resolve()
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _CheckFailedError(
            f"{existing} cannot be written. Change its permissions or storage.directory."
        )
    free = shutil.disk_usage(existing).free
    if free < LOW_SPACE_BYTES:
        raise _CheckFailedError(f"Only {free / 1e6:.0f} MB are free at {existing}. Make room.")
    return f"{directory}, {free / 1e9:.1f} GB free"


async def _voices(settings: Settings, _show: Show) -> str:
    from bot.app import open_store

    async with open_store(settings) as store:
        report = await store.check(verify=True)
        counts = [await store.count(guild) for guild in await store.guild_ids()]
    if report.damaged:
        faults = "; ".join(f"“{voice.name}”: {voice.damage}" for voice in report.damaged)
        raise _CheckFailedError(
            f"{len(report.damaged)} of {sum(counts)} voices cannot be used. {faults} "
            "Restore the files from a backup, or delete the voices and enrol them again."
        )
    if report.lost:
        raise _CheckFailedError(f"{report.lost_advice} {_listed(report.lost)}")
    return f"{counted(sum(counts), 'voice')}, every clip read and verified"


def _listed(lost: Sequence[LostClip]) -> str:
    names = ", ".join(clip.path.name for clip in lost[:MAX_LISTED])
    more = len(lost) - MAX_LISTED
    return f"They are {names}{f' and {more} more' if more > 0 else ''}."


async def _engine(settings: Settings, show: Show) -> str:
    from bot.app import open_engine
    from bot.cli.probe import temporary_voice
    from bot.speech.types import SynthesisRequest

    async with open_engine(settings) as engine:
        info = await engine.start(show_loading(show))
        start = time.monotonic()
        with temporary_voice() as voice:
            (result,) = await engine.synthesize([SynthesisRequest(SENTENCE, voice, "en")])
    if isinstance(result, MynahError):
        raise EngineError(str(result))
    took = time.monotonic() - start
    return (
        f"{info.kind} ({info.model}) on {info.device}, because {info.reason}; loaded in "
        f"{info.load_seconds:.1f} s, spoke {result.seconds:.1f} s in {took:.1f} s"
    )


async def _codecs(settings: Settings, _show: Show) -> str:
    from bot.app import open_media_worker
    from bot.cli.probe import missing_codecs

    async with open_media_worker(settings) as worker:
        missing = await worker.run(missing_codecs)
    if missing:
        raise _CheckFailedError(
            f"PyAV has no {', '.join(missing)}. Install the wheel from the package index: "
            "pip install --force-reinstall av"
        )
    return "wav, mp3, m4a, flac, ogg, webm in; Opus, mp3, wav out"


CHECKS: tuple[tuple[str, Check], ...] = (
    ("data directory", _data_directory),
    ("database and clips", _voices),
    ("engine", _engine),
    ("codecs", _codecs),
)
