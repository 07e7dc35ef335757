"""Examining the data directory: everything is read, nothing is changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UserError
from bot.operations.files_check import file_findings
from bot.operations.findings import FIX, Finding
from storage import audit_check, consents, upkeep
from storage.clip_directory import DirectoryClips
from storage.damage import damaged_voices
from storage.database import Database
from storage.errors import StorageError
from storage.inspecting import DatabaseState, copy_database, state_of
from storage.layout import CLIPS_NAME, DATABASE_NAME, OURS
from storage.leftovers import LOOK_PREFIX, work_directory
from storage.lost import list_lost
from storage.rescue.rescuing import Rescued, rescue
from storage.sealing import KeyRing
from storage.sqlite_database import SqliteDatabase
from storage.texts import whose

_MOST_OF_A_KIND = 50

_WORDS = {
    "missing": "The database {path} is missing, but there are recordings.",
    "empty": "The database {path} is empty, but there are recordings.",
    "foreign": "{path} is not a database: {details}.",
    "broken": "The database {path} is damaged: {details}.",
    "promises": "The database {path} holds what its schema forbids: {details}.",
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. rescued: what can be read of a database that cannot be used as it is."""

    findings: tuple[Finding, ...]
    state: DatabaseState
    rescued: Rescued | None

    @property
    def damaged(self) -> bool:
        """Whether anything is more than a note."""
        return any(finding.severity == "damage" for finding in self.findings)


async def examine(directory: Path, keys: KeyRing) -> Examination:
    """Examine a data directory, also one that a bot uses.

    Raises UserError if there is none, or it is not Mynah's; StorageError, OSError if nothing can be
    looked at.
    """
    findings = _of_files(directory)
    with _work(directory) as work:
        path = copy_database(directory, work)
        state = state_of(path)
        recordings = any((directory / CLIPS_NAME).glob("*.pickle.gz"))
        if state.condition in ("missing", "empty") and not recordings:
            return Examination(tuple(findings), DatabaseState("whole"), None)
        if state.condition == "newer":
            return Examination((*findings, _newer(directory, state)), state, None)
        rescued = None
        if state.condition != "whole":
            path, rescued = _rescued(path, work / "rescued.db")
            findings.append(_of_state(directory, state, rescued))
        if rescued is None or rescued.total:
            has_clips = not any(finding.kind == "clips_missing" for finding in findings)
            clips = DirectoryClips(directory / CLIPS_NAME)
            findings += [f async for f in _of_contents(path, clips, keys, has_clips=has_clips)]
        return Examination(tuple(findings), state, rescued)


def _of_files(directory: Path) -> list[Finding]:
    if not directory.is_dir():
        raise UserError(f"There is no data directory {directory}. Check storage.directory.")
    _require_ours(directory)
    found = list(file_findings(directory))
    clips = directory / CLIPS_NAME
    if (directory / DATABASE_NAME).exists() and not clips.is_dir():
        found.append(
            Finding(
                "clips_missing",
                f"The directory {clips} is missing.",
                f"Restore it from a backup. {FIX} makes an empty one.",
                repairable=True,
            )
        )
    return found


def _require_ours(directory: Path) -> None:
    """Refuse what is somebody else's directory, such as /etc: `--fix` would change its mode."""
    if any(os.path.lexists(directory / name) for name in OURS):
        return
    if any(directory.iterdir()):
        raise UserError(
            f"Nothing in {directory} is Mynah's. Check storage.directory; if it is right, the "
            "first `mynah run` or `mynah enroll` begins there."
        )


@contextlib.contextmanager
def _work(directory: Path) -> Iterator[Path]:
    try:
        stack = contextlib.ExitStack()
        work = stack.enter_context(work_directory(directory, LOOK_PREFIX))
    except OSError:  # read-only, or full
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mynah-doctor-")))
    with stack:
        yield work


def _rescued(path: Path, new: Path) -> tuple[Path, Rescued]:
    if not path.exists():
        path.touch(mode=0o600)
    return new, rescue(path, new)


def _newer(directory: Path, state: DatabaseState) -> Finding:
    return Finding(
        "schema_newer",
        f"The database {directory / DATABASE_NAME} was made by a newer Mynah ({state.details[0]}).",
        "Update Mynah, or restore a backup from before the update. Nothing else was looked at.",
    )


def _of_state(directory: Path, state: DatabaseState, rescued: Rescued) -> Finding:
    path = directory / DATABASE_NAME
    what = _WORDS[state.condition].format(path=path, details="; ".join(state.details[:3]))
    if rescued.total == 0:
        return Finding(
            f"database_{state.condition}",
            f"{what} Nothing can be read of it.",
            "Restore a backup: `mynah restore FILE --force`. Without one, "
            f"{FIX} begins anew and moves the recordings to lost/.",
            repairable=True,
        )
    dropped = rescued.dropped.total()
    return Finding(
        f"database_{state.condition}",
        f"{what} Of its {rescued.pages} pages {rescued.lost} are lost; {rescued.total} rows can be "
        f"read, {rescued.rows['voices']} voices among them"
        + (f", and {dropped} cannot be kept." if dropped else "."),
        "If a backup is newer than what matters to you, restore it: `mynah restore FILE --force`. "
        f"Else stop the bot; {FIX} writes a new database with what can be read, and keeps the old.",
        repairable=True,
    )


async def _of_contents(
    path: Path, clips: DirectoryClips, keys: KeyRing, *, has_clips: bool
) -> AsyncIterator[Finding]:
    """Yield what is wrong in a copy of the database, and with the recordings that it needs."""
    try:
        async with SqliteDatabase.open(path) as database:
            for found in (
                await _of_voices(database, clips, keys),
                await _of_evidence(database, clips, keys),
                await _of_clips(database, clips) if has_clips else [],
                await _of_trails(database, keys),
            ):
                for finding in found[:_MOST_OF_A_KIND]:
                    yield finding
    except StorageError as error:
        yield Finding("database_unusable", str(error), "Restore a backup, or report it.")


def _option(guild_id: int) -> str:
    return f" --guild {guild_id}" if guild_id else ""


async def _of_voices(database: Database, clips: DirectoryClips, keys: KeyRing) -> list[Finding]:
    return [
        Finding(
            "voice_unusable",
            f"The voice “{voice.name}” ({whose(voice.guild_id)}) cannot speak. {voice.damage}",
            "Restore a backup that has it, bring its former recording back (`mynah voices restore "
            f'"{voice.name}"{_option(voice.guild_id)}`), or have it recorded again.',
        )
        for voice in await damaged_voices(database, clips, keys, verify=True)
    ]


async def _of_evidence(database: Database, clips: DirectoryClips, keys: KeyRing) -> list[Finding]:
    return [
        Finding(
            "evidence_unusable",
            f"The evidence of a consent cannot be used, though the voice speaks: {what}",
            "Restore a backup that has it, or have the member record again.",
        )
        for what in await consents.damaged(database, clips, keys, verify=True)
    ]


async def _of_clips(database: Database, clips: DirectoryClips) -> list[Finding]:
    found: list[Finding] = []
    swept = await upkeep.look(database, clips)
    if swept.moved:
        found.append(
            Finding(
                "clips_orphaned",
                f"{len(swept.moved)} recordings in {clips.kept} belong to no voice, such as "
                f"{swept.moved[0]}.",
                f"Nobody can hear them. {FIX}, or the next start, moves them to lost/.",
                repairable=True,
            )
        )
    if swept.returned:
        found.append(
            Finding(
                "clips_in_lost",
                f"{len(swept.returned)} recordings that voices need lie in lost/.",
                f"{FIX}, or the next start, brings back those that are whole.",
                repairable=True,
            )
        )
    if swept.removed:
        found.append(
            Finding(
                "clips_unneeded",
                f"{len(swept.removed)} files in {clips.kept} are of deleted voices or unfinished.",
                f"{FIX}, or the next start, removes them.",
                repairable=True,
                severity="note",
            )
        )
    if lost := list_lost(clips):
        found.append(
            Finding(
                "lost",
                f"{len(lost)} recordings lie in {clips.lost}, which no voice has and "
                "nobody deleted.",
                "A backup of the database that knows them brings them back. Else delete them: they "
                "are of people.",
                severity="note",
            )
        )
    return found


async def _of_trails(database: Database, keys: KeyRing) -> list[Finding]:
    found = []
    for guild_id in await audit_check.audited_guilds(database):
        faults = await audit_check.verify(database, guild_id, keys)
        if faults:
            more = f" and {len(faults) - 3} faults more" if len(faults) > 3 else ""
            found.append(
                Finding(
                    "audit_broken",
                    f"The audit trail of server {guild_id} is not as it was written: "
                    f"{'; '.join(fault.what for fault in faults[:3])}{more}.",
                    f"It cannot be mended: that is its purpose. `mynah audit --guild {guild_id} "
                    "--verify` says all; a backup from before tells what was changed.",
                )
            )
    return found
