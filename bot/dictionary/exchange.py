"""Dictionaries as JSON files: reading what somebody sends, writing what there is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.dictionary.entries import checked
from bot.errors import UserError
from bot.i18n import _, error_text
from storage.dictionary import Entry, Key

MAX_FILE_BYTES = 4 * 1024 * 1024
"""What the largest dictionary that is written takes, and more."""

PATTERNS_SECONDS = 5.0
"""Of the processor, for trying all the patterns of a file."""

_FIELDS = {"written": str, "spoken": str, "pattern": bool, "language": str}


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """One entry of a file. number: from 1. entry: None where it is refused, `reason` says why."""

    number: int
    written: str
    entry: Entry | None
    reason: str = ""


def write_file(entries: Iterable[Entry]) -> bytes:
    """Return entries as a file that `read_file` takes, one to a line."""
    lines = ",\n".join(f"  {json.dumps(_as_json(e), ensure_ascii=False)}" for e in entries)
    return f'{{"entries": [\n{lines}\n]}}\n'.encode()


def read_file(data: bytes, most: int) -> list[ReadEntry]:
    """Return the entries of a file: {"entries": [...]}, a list of entries, or {"lol": "laughing"}.

    Takes some ms, and up to `PATTERNS_SECONDS` where there are many patterns.

    Raises UserError for a file that is none of these, and for more than `most` entries.
    """
    found = _entries_of(_parsed(data))
    if len(found) > most:
        raise UserError(
            _("That file has {count:,} entries; a dictionary has {limit:,} at most.").format(
                count=len(found), limit=most
            )
        )
    reader = _Reader()
    return [reader.read(number, raw) for number, raw in enumerate(found, 1)]


class _Reader:
    def __init__(self) -> None:
        self._seen: dict[Key, int] = {}
        self._seconds = PATTERNS_SECONDS

    def read(self, number: int, raw: object) -> ReadEntry:
        written = raw.get("written") if isinstance(raw, dict) else None
        written = _sendable(written) if isinstance(written, str) else ""
        try:
            entry = self._checked(_typed(raw))
            first = self._seen.setdefault(entry.key, number)
            if first != number:
                raise UserError(_("It is the same as entry {number}.").format(number=first))
        except UserError as error:
            return ReadEntry(number, written, None, _sendable(error_text(error)))
        return ReadEntry(number, written, entry)

    def _checked(self, entry: Entry) -> Entry:
        if not entry.pattern:
            return checked(entry)
        if self._seconds < 0:
            raise UserError(_("The patterns before it took too long. Send it in another file."))
        start = time.thread_time()
        try:
            return checked(entry)
        finally:
            self._seconds -= time.thread_time() - start


def _sendable(text: str) -> str:
    """Return a text without the halves of characters that JSON can hold."""
    return text.encode(errors="replace").decode()


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_Pairs)
    except UnicodeDecodeError:
        raise UserError(_("That file is no text in UTF-8. Save it so and send it again.")) from None
    except json.JSONDecodeError as error:
        raise UserError(
            _("That file is no JSON: {reason} in line {line}, column {column}.").format(
                reason=error.msg, line=error.lineno, column=error.colno
            )
        ) from None
    except (RecursionError, ValueError):
        raise UserError(_("That file is no dictionary: it is nested too deeply.")) from None


class _Pairs(dict[str, Any]):
    """An object with all that was written in it, also what has the same name."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _entries_of(parsed: Any) -> Sequence[object]:
    if isinstance(parsed, _Pairs):
        listed = parsed.get("entries")
        if not isinstance(listed, list):
            return [{"written": written, "spoken": spoken} for written, spoken in parsed.pairs]
        parsed = listed
    if not isinstance(parsed, list):
        raise UserError(
            _("That file is no dictionary. It should look like this: {example}").format(
                example='{"entries": [{"written": "lol", "spoken": "laughing out loud"}]}'
            )
        )
    return parsed


def _typed(raw: object) -> Entry:
    if not isinstance(raw, dict):
        raise UserError(_("It is no entry: it has no “written”."))
    raw = {name: value for name, value in raw.items() if value is not None or name not in _FIELDS}
    for name, value in raw.items():
        kind = _FIELDS.get(name)
        if kind is None:
            raise UserError(_("I do not know “{field}”.").format(field=name[:40]))
        if not isinstance(value, kind):
            wanted = _("true or false") if kind is bool else _("a text")
            raise UserError(_("“{field}” must be {kind}.").format(field=name, kind=wanted))
    if "written" not in raw or "spoken" not in raw:
        raise UserError(_("It needs “written” and “spoken”."))
    return Entry(**raw)


def _as_json(entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = {"written": entry.written, "spoken": entry.spoken}
    if entry.pattern:
        shown["pattern"] = True
    if entry.language:
        shown["language"] = entry.language
    return shown
