"""`mynah check`: is everything in order, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import EXIT_FAILED, Show, counted, print_line, progress_steps
from bot.errors import MynahError
from storage.errors import StorageError, VoiceRequestError

if TYPE_CHECKING:
    from bot.config import Settings
    from storage.seals import Seals
    from storage.types import LostClip, VoiceProfile

MAX_LISTED = 10
LOW_SPACE_BYTES = 500 * 1024 * 1024
SENTENCE = "The quick brown fox jumps over the lazy dog."

Check = Callable[["Settings", Show], Awaitable[str]]
State = Literal["ok", "note", "failed"]

_MARKS = {"ok": ("ok    ", "green"), "note": ("note  ", "yellow"), "failed": ("FAILED", "bold red")}


class _CheckFailedError(MynahError):
    """A check found something wrong; the text says what to do."""


class _CheckNotedError(MynahError):
    """A check could not be done, or found what need not be wrong."""


@dataclass(frozen=True, slots=True)
class _Result:
    """A line of the answer."""

    name: str
    state: State
    detail: str


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask Discord about the token.")
@click.option(
    "--no-engine", is_flag=True, help="Do not load the engine, which a running bot has loaded."
)
@json_option
@click.pass_obj
def check(context: Context, offline: bool, no_engine: bool, as_json: bool) -> int:
    """Check that everything is in order.

    Looks at the configuration, the data, the engine, the codecs and the Discord token, and prints
    a line for each: ok, or what to do. Exits with 1 if something fails. A note is something
    to know that need not be wrong, such as a network that is down.
    """
    left_out = ({"Discord"} if offline else set()) | ({"engine"} if no_engine else set())
    results = []
    for result in _results(context, left_out):
        results.append(result)
        if not as_json:
            print_line(_MARKS[result.state], " ", (result.name, "bold"), ": ", result.detail)
    failed = any(result.state == "failed" for result in results)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(result) for result in results]})
    return EXIT_FAILED if failed else 0


def _results(context: Context, left_out: Set[str]) -> Iterator[_Result]:
    try:
        settings = context.settings
    except MynahError as error:
        yield _Result("configuration", "failed", str(error))
        return
    yield _Result("configuration", "ok", "valid")
    for name, function in CHECKS:
        if name not in left_out:
            yield asyncio.run(_try(name, function, settings))


async def _try(name: str, function: Check, settings: Settings) -> _Result:
    try:
        with progress_steps() as show:
            show(f"Checking {name} ...", 0)
            return _Result(name, "ok", await function(settings, show))
    except _CheckNotedError as error:
        return _Result(name, "note", str(error))
    except (MynahError, StorageError, VoiceRequestError) as error:
        return _Result(name, "failed", str(error))


async def _data_directory(settings: Settings, _show: Show) -> str:
    from bot.data_directory import told_open

    directory = settings.storage.directory.resolve()
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _CheckFailedError(
            f"{existing} cannot be written. Change its permissions or storage.directory."
        )
    free = shutil.disk_usage(existing).free
    if free < LOW_SPACE_BYTES:
        raise _CheckFailedError(f"Only {free / 1e6:.0f} MB are free at {existing}. Make room.")
    told = f"{directory}, {free / 1e9:.1f} GB free"
    if existing == directory and (exposed := told_open(directory)):
        raise _CheckNotedError(f"{told}. {exposed}")
    return told


async def _voices(settings: Settings, show: Show) -> str:
    from bot.app import open_store
    from bot.cli.lookup import all_voices
    from bot.clip_place import keeps_versions
    from bot.keys import things

    async with open_store(settings, any_key=True) as store:
        report = await store.check(verify=True)
        unread = (await store.seals()).unreadable
        counts = [await store.count(guild) for guild in await store.guild_ids()]
        profiles = await all_voices(store, None)
        place = store.database.place
    if report.damaged:
        faults = "; ".join(f"“{voice.name}”: {voice.damage}" for voice in report.damaged)
        raise _CheckFailedError(
            f"{len(report.damaged)} of {sum(counts)} voices cannot be used. {faults} "
            "Restore the files from a backup, or delete the voices and enrol them again."
        )
    if report.damaged_evidence:
        raise _CheckFailedError(
            "The evidence of consents cannot be used, though the voices speak: "
            f"{'; '.join(report.damaged_evidence)} Restore mynah.db and clips/ from a backup, or "
            "have the members record again."
        )
    if report.lost:
        raise _CheckFailedError(f"{report.lost_advice} {_listed(report.lost)}")
    if unread:
        raise _CheckNotedError(
            f"{counted(sum(counts), 'voice')}; not read, because the key is not there: "
            f"{things(unread)}"
        )
    await _refuse_short(settings, profiles, show)
    told = f"{counted(sum(counts), 'voice')}, every clip read and verified"
    told = told if settings.storage.url is None else f"{told}. The rows are in {place}"
    if await keeps_versions(settings.storage):
        raise _CheckNotedError(
            f"{told}. The bucket keeps versions: recordings that are deleted stay in it. Switch "
            "that off, or have a rule of the bucket remove versions that are not current"
        )
    return told


async def _sealing(settings: Settings, _show: Show) -> str:
    from bot.app import open_store
    from bot.keys import things, told_exposed, told_unknown

    async with open_store(settings, any_key=True) as store:
        seals, keys = await store.seals(), store.keys
    if seals.unknown:
        raise _CheckFailedError(told_unknown(seals, keys))
    if not keys:
        raise _CheckNotedError(
            f"off. Open to whoever reads the disk: {things(seals.plain)}. "
            "`mynah key new FILE` makes a key, `mynah key seal` applies it."
        )
    told = f"{things(seals.newest)} sealed by the key {keys.newest}"
    faults = [fault for fault in (_unsealed(seals), told_exposed(keys)) if fault]
    if faults:
        raise _CheckNotedError(". ".join([told, *faults]))
    return told


def _unsealed(seals: Seals) -> str | None:
    if not seals.to_seal:
        return None
    return f"{seals.plain} plain, {seals.older} by older keys: run `mynah key seal`"


async def _refuse_short(settings: Settings, profiles: Sequence[VoiceProfile], show: Show) -> None:
    """Raise where recordings are too short for the model that would speak."""
    from bot.app import expected_clip_need, settled_clip_need
    from bot.cli.voices.words import too_short

    possible = expected_clip_need(settings)
    if not any(possible.lacks(profile.seconds) for profile in profiles):
        return
    show("Looking which model speaks here ...", 0)
    need = await settled_clip_need(settings)
    told = [line for profile in profiles if (line := too_short(profile, need))]
    if not told:
        return
    more = f" And {len(told) - MAX_LISTED} more." if len(told) > MAX_LISTED else ""
    failed = _CheckFailedError if need.certain else _CheckNotedError
    how = "cannot" if need.certain else "may be unable to"
    raise failed(
        f"{len(told)} of {counted(len(profiles), 'voice')} {how} speak. "
        f"{'. '.join(told[:MAX_LISTED])}.{more}"
    )


def _listed(lost: Sequence[LostClip]) -> str:
    names = ", ".join(clip.name for clip in lost[:MAX_LISTED])
    more = len(lost) - MAX_LISTED
    return f"They are {names}{f' and {more} more' if more > 0 else ''}."


async def _engine(settings: Settings, show: Show) -> str:
    from bot.cli.engine_check import EnginesMissingError, engine_facts
    from bot.engines import open_engine

    async with open_engine(settings) as engine:
        try:
            return await engine_facts(engine, show)
        except EnginesMissingError as error:
            raise _CheckFailedError(str(error)) from None


async def _codecs(settings: Settings, _show: Show) -> str:
    from bot.app import open_media_worker
    from bot.cli.probe import missing_codecs

    async with open_media_worker(settings, decodes=False) as worker:
        missing = await worker.run(missing_codecs)
    if missing:
        raise _CheckFailedError(
            f"PyAV has no {', '.join(missing)}. Install the wheel from the package index: "
            "pip install --force-reinstall av"
        )
    return "wav, mp3, m4a, flac, ogg, webm in; Opus, flac, mp3, wav out"


async def _walls(settings: Settings, _show: Show) -> str:
    from bot.cli.walls_check import WallMissingError, walls_facts

    try:
        return await walls_facts(settings)
    except WallMissingError as error:
        raise _CheckNotedError(str(error)) from None


async def _consent(settings: Settings, _show: Show) -> str:
    from bot.cli.consent_check import NotAllCheckedError, consent_facts

    try:
        return await consent_facts(settings)
    except NotAllCheckedError as error:
        raise _CheckNotedError(str(error)) from None


async def _discord(settings: Settings, _show: Show) -> str:
    from bot.cli.discord_check import UnansweredError, WithheldError, bot_name
    from bot.token_file import told_exposed

    if settings.discord.token is None and settings.discord.token_file is None:
        raise _CheckNotedError(
            "no token is set. Voices and speech work without one here; `mynah run` needs it, and "
            "says where to get it."
        )
    try:
        name = await bot_name(settings)
    except (UnansweredError, WithheldError) as error:
        raise _CheckNotedError(str(error)) from None
    if exposed := told_exposed(settings.discord):
        raise _CheckNotedError(f"the token is that of {name}. {exposed}")
    return f"the token is that of {name}"


CHECKS: tuple[tuple[str, Check], ...] = (
    ("data directory", _data_directory),
    ("database and clips", _voices),
    ("encryption at rest", _sealing),
    ("engine", _engine),
    ("codecs", _codecs),
    ("walls", _walls),
    ("consent", _consent),
    ("Discord", _discord),
)
