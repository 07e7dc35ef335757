"""Structured logging: readable lines on a terminal, JSON for machines, secrets in neither.

No member's id and no hash of a recording is logged, wherever it stands in a text.

Mynah logs through structlog; what uses `logging` (discord.py, other libraries, the workers' code)
takes the same way out. Every record of Mynah's own that an operator sees (info and above) names its
`stage` (docs/log.schema.json has them all), and `guild` and `voice` where known.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from bot.operations.log_tally import LogTally, SparingHandler

LogFormat = Literal["auto", "text", "json"]

REDACTED = "[secret]"
ANY_ID, ANY_HASH = "[id]", "[hash]"
"""Stand in texts for an id of Discord's and for the hash of a recording."""

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9]{17,20}(?![0-9A-Za-z])")
_HASH = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_NAMES_NOBODY = frozenset({"link", "timestamp"})
"""Fields that are left as they are: the link that invites the bot has its own id."""

_SHOWN = frozenset({"bot", "cogs", "storage", "discord"})
"""Packages whose records are shown from the configured level on, those of others only from warnings
on: below, they write signed addresses of downloads, what members say, and pages of byte code."""


def configure_logging(
    level: str,
    log_format: LogFormat = "auto",
    *,
    secrets: Iterable[str] = (),
    stage: str | None = None,
    stream: TextIO | None = None,
) -> None:
    """Send all log records to `stream` (standard error unless given).

    level: debug, info, warning or error. log_format: auto and text are for people, json writes one
    object a line. secrets: values that must never be written; they are replaced wherever they
    stand, in messages, fields and tracebacks. stage: of the records that name none.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        *([_naming(stage)] if stage else []),
        structlog.processors.TimeStamper(fmt="iso", utc=log_format == "json"),
    ]
    tally, redact = LogTally(), _redactor(tuple(secrets))
    handler = SparingHandler(stream, tally)
    handler.addFilter(_is_shown)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_people,
                _remembering(tally, redact),
                _rendering(log_format, colors=stream.isatty()),
                redact,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _is_shown(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _SHOWN


def _naming(stage: str) -> Processor:
    def name_stage(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event.setdefault("stage", stage)
        return event

    return name_stage


def _without_people(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Take out what stands for a member or their recording, in messages, fields and tracebacks.

    Texts of errors have them: the address of a request, the path of a clip. Which server it is
    stands in a field of its own, a number.
    """
    for name, value in event.items():
        if name in _NAMES_NOBODY or isinstance(value, (int, float)) or value is None:
            continue
        text = value if isinstance(value, str) else repr(value)
        without = _ID.sub(ANY_ID, _HASH.sub(ANY_HASH, text))
        if without != text:
            event[name] = without
    return event


def _remembering(tally: LogTally, redact: Callable[[Any, str, EventDict | str], str]) -> Processor:
    """Keep the last warnings and errors for `mynah status`, as clean as they are written."""

    def remember(logger: Any, method: str, event: EventDict) -> EventDict:
        if event.get("level") in ("warning", "error", "critical"):
            reason = event.get("error") or event.get("reason") or _last_line(event.get("exception"))
            facts = {"event": event.get("event"), "stage": event.get("stage"), "error": reason}
            tally.recent.append(
                {
                    "at": event["timestamp"],
                    "level": event["level"],
                    **{name: redact(logger, method, str(told)) for name, told in facts.items()
                       if told},
                }
            )  # fmt: skip
        return event

    return remember


def _last_line(traceback: str | None) -> str | None:
    return traceback.strip().rpartition("\n")[2] if traceback else None


def _rendering(log_format: LogFormat, *, colors: bool) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    # Plain tracebacks: the decorated ones print local variables, and with them samples and secrets.
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


def _redactor(secrets: tuple[str, ...]) -> Callable[[Any, str, EventDict | str], str]:
    """Replace secrets in the finished line, so that no field or traceback is forgotten."""
    spellings = {s for secret in secrets if secret for s in (secret, json.dumps(secret)[1:-1])}
    known = sorted(spellings, key=len, reverse=True)

    def redact(_logger: Any, _method: str, line: EventDict | str) -> str:
        text = str(line)
        for secret in known:
            text = text.replace(secret, REDACTED)
        return text

    return redact
