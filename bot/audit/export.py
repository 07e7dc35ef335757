"""Rows of the audit trail as files, for other programs: JSON lines, or CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from storage.audit_rows import AuditRow, Who

COLUMNS = (
    "guild_id", "number", "at", "kind", "actor", "subject", "voice_id", "voice", "seconds",
    "packets_sha256", "data", "members", "texts", "hash",
)  # fmt: skip
"""What a line has, in this order; docs/cli.md says what each is."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def document(row: AuditRow) -> dict[str, Any]:
    """Return a row as JSON has it: Discord's ids as strings, times as ISO 8601 in UTC."""
    return {
        "guild_id": str(row.guild_id),
        "number": row.number,
        "at": row.at.isoformat(),
        "kind": row.kind,
        "actor": _who(row.actor),
        "subject": _who(row.subject),
        "voice_id": row.voice_id,
        "voice": row.voice,
        "seconds": row.seconds,
        "packets_sha256": row.packets_sha256,
        "data": dict(row.data),
        "members": {part: list(map(_who, whom)) for part, whom in row.members.items()},
        "texts": dict(row.texts),
        "hash": row.hash,
    }


def json_line(row: AuditRow) -> str:
    """Return a row as one line of JSON, with its end."""
    return json.dumps(document(row), ensure_ascii=False) + "\n"


def csv_heading() -> str:
    """Return the first line of a CSV file."""
    return _csv(COLUMNS)


def csv_line(row: AuditRow) -> str:
    """Return a row as one line of CSV; what is an object is JSON in it."""
    return _csv([_cell(value) for value in document(row).values()])


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"  # a name such as "=1+1" is none that a spreadsheet shall compute
    return value


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _who(whom: Who) -> str | None:
    return str(whom) if isinstance(whom, int) else whom
