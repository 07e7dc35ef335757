"""Erasing rows inside a transaction, by the list of `storage/personal.py`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from storage import audit
from storage.audit_chains import chains
from storage.audit_events import Erased
from storage.connections import Execute, Parameters
from storage.erased_voices import Leftovers, erase_recordings_of, erase_voices
from storage.forgotten import FORGOTTEN, stand_in
from storage.personal import (
    GUILD_COLUMNS,
    MEMBER_LISTS,
    PERSONAL_COLUMNS,
    Fate,
    PersonalColumn,
)
from storage.tables import TABLES

Counts = Counter[str]
"""Rows that went, by table; `NAMELESS` are those that stay without the name."""

NAMELESS = "nameless"

_OF_VOICES = frozenset({"voices", "voice_words", "consents", "voice_members", "voice_roles"})
_WITH_GUILD = {table for table, _ in GUILD_COLUMNS}
_OF_AUDIT = frozenset({"audit", "audit_chains", "audit_members", "audit_texts"})
_BLOCK_KEY = ("guild_id", "owner_id", "blocked_id")  # of the one table whose ids are recognised
_ONLY_SCHEMA = frozenset({"erasures"})


async def erase_member(
    execute: Execute, user_id: int, guild_id: int | None, gone: Leftovers
) -> Counts:
    """Erase a member's data, in one guild or, with None, in all. Return what went by table."""
    whose: tuple[int, ...] = (user_id,) if guild_id is None else (user_id, guild_id)
    here = "" if guild_id is None else "AND guild_id = ?2"
    counts: Counts = Counter()
    await _tell_shares(execute, user_id, guild_id)
    await _tell_audit(execute, user_id, guild_id)
    for column in PERSONAL_COLUMNS:
        goes = column.fate in (Fate.GOES, Fate.AUDIT)
        rows = await _apply(execute, column, user_id, guild_id)
        counts[column.table if goes else NAMELESS] += rows
    for table, name in MEMBER_LISTS:
        counts[NAMELESS] += await _replace_in_lists(execute, table, name, user_id, guild_id)
    # Last, because what follows a voice goes uncounted.
    await erase_voices(execute, f"owner_id = ?1 {here}", whose, gone)
    await erase_recordings_of(execute, user_id, guild_id, gone)
    await _count_erasure(execute)
    return counts


async def erase_guild(execute: Execute, guild_id: int, gone: Leftovers) -> Counts:
    """Erase all that is stored of a guild."""
    counts: Counts = Counter()
    for table, column in GUILD_COLUMNS:
        if table not in _OF_VOICES:
            sql = f"DELETE FROM {table} WHERE {column} = ? RETURNING 1"  # noqa: S608
            counts[table] += len(await execute(sql, (guild_id,)))
    await erase_voices(execute, "guild_id = ?1", (guild_id,), gone)
    await _count_erasure(execute)
    return counts


async def erase_everything(execute: Execute, gone: Leftovers) -> Counts:
    """Erase all rows of all tables."""
    counts: Counts = Counter()
    for table in reversed(TABLES):
        if table not in _OF_VOICES | _ONLY_SCHEMA | _OF_AUDIT:
            rows = await execute(f"DELETE FROM {table} RETURNING 1")  # noqa: S608
            counts[table] += len(rows)
    for chain in await chains(execute):
        counts["audit"] += await audit.delete_guild(execute, chain.guild_id)
    await erase_voices(execute, "1 = 1", (), gone)
    await _count_erasure(execute)
    return counts


async def _count_erasure(execute: Execute) -> None:
    """Have the processes beside this one forget what they remember."""
    await execute("UPDATE erasures SET number = number + 1")


async def _apply(
    execute: Execute, column: PersonalColumn, user_id: int, guild_id: int | None
) -> int:
    """Do to the rows with a member's id what their column says; return how many there were."""
    name, (where, parameters) = column.column, _where(column, user_id, guild_id)
    match column.fate:
        case Fate.AUDIT:
            return await audit.forget_member(execute, user_id, guild_id)
        case Fate.GOES:
            sql = f"DELETE FROM {column.table} WHERE {where} RETURNING 1"  # noqa: S608
        case Fate.NAMELESS:
            value = FORGOTTEN
            sql = f"UPDATE {column.table} SET {name} = {value} WHERE {where} RETURNING 1"  # noqa: S608
        case Fate.RECOGNISED:  # a stand-in of before may be there already
            value = stand_in(user_id)
            await execute(_twins(column, value, where), parameters)
            sql = f"UPDATE {column.table} SET {name} = {value} WHERE {where} RETURNING 1"  # noqa: S608
        case Fate.VOICE_GOES | Fate.RECORDING_GOES:  # gone before
            return 0
    return len(await execute(sql, parameters))


def _where(column: PersonalColumn, user_id: int, guild_id: int | None) -> tuple[str, Parameters]:
    if guild_id is None:
        return f"{column.column} = ?1", (user_id,)
    if column.table in _WITH_GUILD:
        return f"{column.column} = ?1 AND guild_id = ?2", (user_id, guild_id)
    assert column.table in _OF_VOICES, f"{column.table} belongs to no guild"
    inside = "voice_id IN (SELECT id FROM voices WHERE guild_id = ?2)"
    return f"{column.column} = ?1 AND {inside}", (user_id, guild_id)


def _twins(column: PersonalColumn, value: int, where: str) -> str:
    """Return what removes the rows that would come to be the same as those of `where`."""
    others = ", ".join(each for each in _BLOCK_KEY if each != column.column)
    return (
        f"DELETE FROM {column.table} WHERE {column.column} = {value} AND ({others}) IN "  # noqa: S608
        f"(SELECT {others} FROM {column.table} WHERE {where})"
    )


async def _tell_shares(execute: Execute, user_id: int, guild_id: int | None) -> None:
    """Count a change of who may speak as the voices that name a member."""
    here = "" if guild_id is None else "AND guild_id = ?2"
    await execute(
        "UPDATE voices SET access_version = access_version + 1 WHERE id IN "  # noqa: S608
        f"(SELECT voice_id FROM voice_members WHERE user_id = ?1) {here}",
        (user_id,) if guild_id is None else (user_id, guild_id),
    )


async def _tell_audit(execute: Execute, user_id: int, guild_id: int | None) -> None:
    """Write down, where a member is named, that their data goes; then it is forgotten whose."""
    for guild in await audit.guilds_naming(execute, user_id):
        if guild_id in (None, guild):
            event = Erased(by=None, member_id=user_id)
            await audit.tell(execute, guild, event)


async def _replace_in_lists(
    execute: Execute, table: str, name: str, user_id: int, guild_id: int | None
) -> int:
    """Put a member's stand-in into the lists of JSON that hold their id; return how many do."""
    here = "" if guild_id is None else "AND guild_id = ?2"
    rows = await execute(
        f"SELECT DISTINCT {name} FROM {table} WHERE instr({name}, ?1) > 0 {here}",  # noqa: S608
        (str(user_id),) if guild_id is None else (str(user_id), guild_id),
    )
    changed = 0
    for (text,) in rows:
        without = json.dumps(_with_stand_in(json.loads(text), user_id), ensure_ascii=False)
        if without != text:
            values = (without, text) if guild_id is None else (without, text, guild_id)
            sql = f"UPDATE {table} SET {name} = ?1 WHERE {name} = ?2"  # noqa: S608
            scope = "" if guild_id is None else " AND guild_id = ?3"
            changed += len(await execute(f"{sql}{scope} RETURNING 1", values))
    return changed


def _with_stand_in(value: Any, user_id: int) -> Any:
    if isinstance(value, list):
        return [_with_stand_in(each, user_id) for each in value]
    return stand_in(user_id) if value in (user_id, str(user_id)) else value
