"""What is logged is as docs/log.schema.json says; tests/e2e looks at the whole program's log."""

import io
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging
from bot.operations.figures import UtteranceFacts
from bot.operations.messages import messages
from bot.voice.stages import tell
from bot.voice.utterances import Rank, UtteranceEnd
from tests.operations.schema import SCHEMA, faults

FACTS = UtteranceFacts(7, "say", "played", 0.1, 0.3, 2.0, 4.0, 2, 1, 0)


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("info", "json", stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("end", UtteranceEnd)
@pytest.mark.parametrize("rank", Rank)
def test_every_utterance_is_a_line(stream: io.StringIO, rank: Rank, end: UtteranceEnd) -> None:
    tell(replace(FACTS, rank=rank.name.lower(), end=end.name.lower()))
    (line,) = lines(stream)
    assert faults(line) == []
    assert line["event"] == "utterance"


def test_one_that_was_never_heard_has_no_first_packet(stream: io.StringIO) -> None:
    tell(replace(FACTS, first_packet=None))
    (line,) = lines(stream)
    assert (line["first_packet_seconds"], faults(line)) == (None, [])


def test_errors_and_what_libraries_say_have_the_form(stream: io.StringIO) -> None:
    log = structlog.get_logger("bot.test")
    for _ in range(2):
        log.error(
            "command failed", stage="command", guild=7, command="say", reference="0123abcd",
            exc_info=ValueError("x"),
        )  # fmt: skip
    logging.getLogger("discord.gateway").warning("Shard ID %s is away", 0)
    logging.getLogger().handlers[0].close()
    told = lines(stream)
    assert [line["event"] for line in told][-1] == "more of the kind in the last minute"
    assert len(told) == 3
    assert [faults(line) for line in told] == [[], [], []]


def test_stages_are_those_of_the_catalogue() -> None:
    assert {m.stage for m in messages()} <= set(SCHEMA["properties"]["stage"]["enum"])


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "yesterday"},
        {"level": "loud"},
        {"stage": "somewhere"},
        {"rank": "ada"},
        {"queued_seconds": -1},
        {"cached": 0.5},
        {"guild": "7"},
    ],
)
def test_another_form_is_found_out(stream: io.StringIO, change: dict[str, Any]) -> None:
    tell(FACTS)
    (line,) = lines(stream)
    assert faults(line) == []
    assert faults({**line, **change})


@pytest.mark.parametrize("missing", ["event", "timestamp", "queued_seconds", "retries"])
def test_what_is_missing_is_found_out(stream: io.StringIO, missing: str) -> None:
    tell(FACTS)
    (line,) = lines(stream)
    del line[missing]
    assert faults({"event": "utterance", **line} if missing != "event" else line)
