"""Between rows of SQLite and the types that storage hands out."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from storage.types import VoiceProfile

_FIELDS = tuple(field.name for field in dataclasses.fields(VoiceProfile))


def profile_of(row: sqlite3.Row) -> VoiceProfile:
    """Return a row of `voices` as a profile."""
    values = {name: row[name] for name in _FIELDS}
    for name in ("consented_at", "created_at", "last_used_at", "former_until"):
        values[name] = values[name] and datetime.fromisoformat(values[name])
    values["quality"] = values["quality"] and json.loads(values["quality"])
    return VoiceProfile(**values)


def profiles_of(rows: Iterable[sqlite3.Row]) -> tuple[VoiceProfile, ...]:
    """Return rows of `voices` as profiles."""
    return tuple(profile_of(row) for row in rows)


def timestamp(time: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC; one without a zone is taken as local."""
    return time.astimezone(UTC).isoformat() if time else None


def to_json(value: dict[str, Any] | None) -> str | None:
    """Return an object as JSON. Raises ValueError for NaN and infinities, which JSON lacks."""
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
