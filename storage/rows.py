"""Between rows of SQLite and the types that storage hands out.

A row is trusted as little as a clip: SQLite checks what is written, not what a failing disk or
another program made of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from storage.connections import Row
from storage.names import MAX_NAME_LENGTH, name_key
from storage.texts import excerpt
from storage.types import Level, Reach, VoiceProfile

NO_CLIP = "f" * 64
"""Stands for a hash that is none; no clip has it."""

_MAX_QUALITY = 65_536  # characters of JSON; a report has about 1,000
_MAX_DAMAGE = 1_000
_HASH = re.compile("[0-9a-f]{64}")
_LANGUAGE = re.compile("[a-z]{2,3}([-_][a-z0-9]{1,8}){0,2}", re.IGNORECASE)

_ADVICE = "Restore mynah.db from a backup, or delete the voice and enrol it again."

Reader = Callable[[Any], Any]


def profile_of(row: Row) -> VoiceProfile:
    """Return a row of `voices` as a profile.

    Never raises for what a row holds: what cannot be read is replaced, and `damage` says so.
    """
    values: dict[str, Any] = {}
    faults = []
    for name, read in _READERS.items():
        try:
            values[name] = read(row[name])
        except (ValueError, TypeError, OverflowError, RecursionError):
            values[name] = _SUBSTITUTES.get(name)
            faults.append(f"its {name} is {_described(row[name])}")
    if not faults and name_key(values["name"]) != row["name_key"]:
        faults.append(f"its name is not found by {_described(row['name_key'])}")
    if faults:
        described = excerpt(", ".join(faults), _MAX_DAMAGE // 2)
        values["damage"] = f"Its entry in the database is damaged: {described}. {_ADVICE}"
    values["name"] = values["name"] or f"voice {row['id']}"
    return VoiceProfile(**values)


def timestamp(time: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC; one without a zone is taken as local."""
    return time.astimezone(UTC).isoformat() if time else None


def to_json(value: dict[str, Any] | None) -> str | None:
    """Return an object as JSON. Raises ValueError for NaN and infinities, which JSON lacks."""
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _described(value: object) -> str:
    if isinstance(value, str):
        return f"“{excerpt(value, 40)}”"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return excerpt(str(value), 40)


def _whole(least: int) -> Reader:
    def read(value: object) -> int:
        if type(value) is not int or value < least:
            raise ValueError
        return value

    return read


def _number(least: float, most: float = math.inf) -> Reader:
    def read(value: object) -> float:
        if not isinstance(value, int | float) or not (least <= value <= most):
            raise ValueError
        if not math.isfinite(value):
            raise ValueError
        return float(value)

    return read


def _text(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError
        return value

    return read


def _name(value: str) -> str:
    if not 1 <= len(value) <= MAX_NAME_LENGTH or not value.isprintable():
        raise ValueError
    return value


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.utcoffset() != timedelta(0):
        raise ValueError
    return time


def _quality(value: str) -> dict[str, Any]:
    if len(value) > _MAX_QUALITY:
        raise ValueError
    quality = json.loads(value, parse_constant=_no_constant)
    if not isinstance(quality, dict):
        raise TypeError
    return quality


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _damage(value: str) -> str:
    return excerpt(value, _MAX_DAMAGE)


def _string(read: Callable[[str], Any]) -> Reader:
    def checked(value: object) -> Any:
        if not isinstance(value, str):
            raise TypeError
        return read(value)

    return checked


def _one_of(values: Sequence[str]) -> Reader:
    def read(value: object) -> Any:
        if value not in values:
            raise ValueError
        return value

    return read


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


_POSITIVE = 5e-324

_READERS: Mapping[str, Reader] = {
    "id": int,
    "guild_id": _whole(0),
    "name": _string(_name),
    "clip_sha256": _string(_text(_HASH)),
    "seconds": _number(_POSITIVE),
    "language": _or_none(_string(_text(_LANGUAGE))),
    "owner_id": _or_none(_whole(1)),
    "consented_by": _or_none(_whole(1)),
    "consented_at": _or_none(_string(_time)),
    "pitch_hz": _or_none(_number(_POSITIVE)),
    "quality": _or_none(_string(_quality)),
    "created_at": _string(_time),
    "last_used_at": _or_none(_string(_time)),
    "use_count": _whole(0),
    "damage": _or_none(_string(_damage)),
    "exaggeration": _or_none(_number(0, 10)),
    "cfg_weight": _or_none(_number(0, 10)),
    "temperature": _or_none(_number(0, 10)),
    "seed": _or_none(_whole(0)),
    "takes": _or_none(_whole(1)),
    "speed": _or_none(_number(0.5, 2)),
    "volume_db": _or_none(_number(-12, 6)),
    "former_until": _or_none(_string(_time)),
    "former_level": _or_none(_one_of(get_args(Level))),
    "level": _one_of(get_args(Level)),
    "reach": _one_of(get_args(Reach)),
    "paused_by_owner_at": _or_none(_string(_time)),
    "paused_by_admin_at": _or_none(_string(_time)),
    "access_version": _whole(0),
}

_SUBSTITUTES: Mapping[str, Any] = {
    "guild_id": 0,
    "name": "",
    "clip_sha256": NO_CLIP,
    "seconds": 0.0,
    "created_at": datetime(1970, 1, 1, tzinfo=UTC),
    "use_count": 0,
    # What proves least and lets fewest speak.
    "level": "declared",
    "reach": "owner",
    "access_version": 0,
}
