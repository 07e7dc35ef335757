"""Errors are told once a minute of each kind, counted in full, and none is lost at the end."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging
from bot.operations.log_tally import (
    MINUTE,
    MORE,
    MOST_KINDS,
    LogTally,
    SparingHandler,
    current_handler,
)


class Log:
    """The log of a process, with a clock of its own."""

    def __init__(self) -> None:
        self.stream, self.now = io.StringIO(), 0.0
        configure_logging("info", "json", stream=self.stream, secrets=["s3cret"])
        handler = current_handler()
        assert handler is not None
        self.handler: SparingHandler = handler
        self.handler.tally._clock = lambda: self.now
        self.log = structlog.get_logger("bot.test")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]


@pytest.fixture
def log() -> Log:
    return Log()


def test_the_first_is_told_at_once_and_the_others_as_a_number(log: Log) -> None:
    for _ in range(13):
        log.log.error("engine failed", stage="engine")
    assert log.events() == ["engine failed"]
    log.now = MINUTE
    log.log.info("anything", stage="start")
    _, summary, anything = log.lines()
    assert (summary["event"], summary["more"], summary["kind"]) == (MORE, 12, "engine failed")
    assert (summary["stage"], summary["logger"], summary["level"]) == (
        "engine", "bot.test", "error"
    )  # fmt: skip
    assert anything["event"] == "anything"


def test_one_line_a_minute_however_long_it_goes_on(log: Log) -> None:
    for second in range(int(MINUTE) * 5):
        log.now = float(second)
        log.log.error("engine failed", stage="engine")
    assert len(log.lines()) <= 5 + 1


def test_another_kind_is_told_at_once(log: Log) -> None:
    log.log.error("engine failed", stage="engine")
    log.log.error("command failed", stage="command", exc_info=ValueError("a"))
    log.log.error("command failed", stage="command", exc_info=KeyError("b"))
    logging.getLogger("discord.client").error("Ignoring exception in %s", "on_ready")
    assert len(log.lines()) == 4


def test_the_references_that_members_were_told_are_in_the_number(log: Log) -> None:
    for reference in ("aaaa", "bbbb", "cccc"):
        log.log.error("command failed", stage="command", reference=reference)
    log.now = MINUTE
    log.handler.tell_due()
    assert log.lines()[-1]["references"] == "bbbb cccc"


def test_warnings_are_all_told(log: Log) -> None:
    for name in ("Ada", "Ben"):
        log.log.warning("voice cannot be used", stage="start", voice=name)
    assert len(log.lines()) == 2


def test_nothing_is_lost_at_the_end(log: Log) -> None:
    for _ in range(3):
        log.log.error("engine failed", stage="engine")
    log.handler.close()
    assert log.lines()[-1]["more"] == 2


def test_kinds_are_bounded(log: Log) -> None:
    for number in range(2 * MOST_KINDS):
        logging.getLogger("lib").error(f"trouble {number}")
    assert len(log.handler.tally.errors) <= MOST_KINDS + 1
    assert sum(log.handler.tally.errors.values()) == 2 * MOST_KINDS
    assert len(log.lines()) <= MOST_KINDS + 1


def test_an_exception_that_is_being_handled_is_its_own_kind(log: Log) -> None:
    for error in (ValueError, KeyError, ValueError):
        try:
            raise error("x")
        except Exception:
            log.log.exception("synthesis failed", stage="engine")
    assert len(log.lines()) == 2


def test_the_last_are_kept_as_clean_as_they_are_written(log: Log) -> None:
    log.log.info("not kept", stage="start")
    log.log.warning("worker lost", stage="worker", reason="s3cret of 175928847299117063")
    for number in range(40):
        log.log.error("engine failed", stage="engine", error=f"{number}")
    recent = list(log.handler.tally.recent)
    assert len(recent) <= 20
    assert recent[0] == {
        "at": recent[0]["at"],
        "level": "warning",
        "event": "worker lost",
        "stage": "worker",
        "error": "[secret] of [id]",
    }


def test_a_tally_counts_without_a_handler() -> None:
    tally = LogTally()
    record = logging.LogRecord("x", logging.ERROR, "", 0, "lost", (), None)
    assert [tally.admit(record) for _ in range(3)] == [True, False, False]
    assert tally.errors == {"lost": 3}
