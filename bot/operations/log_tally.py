"""Errors in the log, counted by kind, and each kind told once a minute at most.

The first of a kind is told at once. What follows within a minute is counted, and one line says how
many those were. Members were given references to some: the line has them, too.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

MINUTE = 60.0

MOST_KINDS = 256
"""Kinds that are told apart; the others count as one."""

MOST_RECENT = 20
MOST_REFERENCES = 20

OTHER = "other"
MORE = "more of the kind in the last minute"

Kind = tuple[str, str, str]
"""The logger's name, the message before anything is filled in, and the class of the exception."""


@dataclass(slots=True)
class _Withheld:
    """What was not told of a kind since `told_at`. like: one of them."""

    told_at: float
    number: int = 0
    references: list[str] = field(default_factory=list)
    like: logging.LogRecord | None = None


class LogTally:
    """Counts, and decides what is told. Used under the lock of a handler.

    errors: records at error and above, by message. recent: the last at warning and above.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.errors: Counter[str] = Counter()
        self.recent: deque[Mapping[str, Any]] = deque(maxlen=MOST_RECENT)
        self._clock = clock
        self._kinds: dict[Kind, _Withheld] = {}

    def admit(self, record: logging.LogRecord) -> bool:
        """Count a record; whether it is to be told now."""
        if record.levelno < logging.ERROR:
            return True
        kind = kind_of(record)
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            kind = (OTHER, OTHER, "")
        self._count(kind[1])
        withheld = self._kinds.get(kind)
        if withheld is None or self._clock() >= withheld.told_at + MINUTE:
            self._kinds[kind] = _Withheld(self._clock())
            return True
        withheld.number += 1
        withheld.like = record
        reference = _fields(record).get("reference")
        if reference and len(withheld.references) < MOST_REFERENCES:
            withheld.references.append(str(reference))
        return False

    def _count(self, message: str) -> None:
        known = message in self.errors or len(self.errors) < MOST_KINDS
        self.errors[message if known else OTHER] += 1

    def due(self, *, everything: bool = False) -> list[logging.LogRecord]:
        """Return the records that tell of what was withheld a minute ago or longer.

        everything: also of what was withheld just now.
        """
        if not self._kinds:
            return []
        now = self._clock()
        records = []
        for kind, withheld in list(self._kinds.items()):
            if not everything and now < withheld.told_at + MINUTE:
                continue
            del self._kinds[kind]
            if withheld.like is not None:
                self._kinds[kind] = _Withheld(now)
                records.append(_summary(kind, withheld, withheld.like))
        return records


class SparingHandler(logging.StreamHandler[TextIO]):
    """Writes records to a stream, of each kind of error one a minute and a number."""

    def __init__(self, stream: TextIO, tally: LogTally) -> None:
        super().__init__(stream)
        self.tally = tally

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, after what is due of those that were withheld."""
        self._write_due()
        if self.tally.admit(record):
            super().emit(record)

    def tell_due(self) -> None:
        """Write what is due now; for a program in which nothing else may be logged for long."""
        with self.lock or contextlib.nullcontext():
            self._write_due()

    def close(self) -> None:
        """Write everything that was withheld, at the end of the program."""
        with self.lock or contextlib.nullcontext():
            self._write_due(everything=True)
        super().close()

    def _write_due(self, *, everything: bool = False) -> None:
        for summary in self.tally.due(everything=everything):
            super().emit(summary)


def current_handler() -> SparingHandler | None:
    """Return the handler of this process's log, if it was configured."""
    handlers = logging.getLogger().handlers
    return next((each for each in handlers if isinstance(each, SparingHandler)), None)


def kind_of(record: logging.LogRecord) -> Kind:
    """Return what makes two records the same kind of error."""
    fields = _fields(record)
    message = str(fields.get("event", record.msg))
    raised = record.exc_info or fields.get("exc_info")
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    name = type(error).__name__ if isinstance(error, BaseException) else ""
    return record.name, message, name


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what structlog hands on; nothing for a record of another library."""
    return record.msg if isinstance(record.msg, dict) else {}


def _summary(kind: Kind, withheld: _Withheld, like: logging.LogRecord) -> logging.LogRecord:
    name, message, error = kind
    facts = {
        "stage": _fields(like).get("stage", getattr(like, "stage", "other")),
        "more": withheld.number,
        "kind": f"{message} ({error})" if error else message,
    }
    if withheld.references:
        facts["references"] = " ".join(withheld.references)
    return logging.makeLogRecord(
        {"name": name, "levelno": like.levelno, "levelname": like.levelname, "msg": MORE, **facts}
    )
