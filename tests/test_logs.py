"""Logging: fields, formats, libraries' records, and secrets that never appear."""

import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import structlog

from bot.app import open_store
from bot.config import Settings, StorageSettings
from bot.logs import LogFormat, configure_logging

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure() -> Iterator[Configure]:
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def apply(log_format: LogFormat, secrets: Sequence[str] = ()) -> io.StringIO:
        stream = io.StringIO()
        configure_logging("info", log_format, stream=stream, secrets=secrets)
        return stream

    yield apply
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    structlog.reset_defaults()


def test_text_line_has_the_fields(configure: Configure) -> None:
    stream = configure("text")
    with structlog.contextvars.bound_contextvars(guild=7, voice="Anna", stage="enrol"):
        structlog.get_logger("mynah").info("saved")
    line = stream.getvalue()
    assert all(part in line for part in ("saved", "guild=7", "voice=Anna", "stage=enrol"))


def test_json_line_has_the_fields(configure: Configure) -> None:
    stream = configure("json")
    with structlog.contextvars.bound_contextvars(guild=7, voice="Anna", stage="enrol"):
        structlog.get_logger("mynah").info("saved")
    record = json.loads(stream.getvalue())
    assert record["event"] == "saved"
    assert (record["guild"], record["voice"], record["stage"]) == (7, "Anna", "enrol")
    assert record["level"] == "info"


def test_records_of_libraries_take_the_same_way(configure: Configure) -> None:
    stream = configure("json")
    logging.getLogger("discord").warning("shard %d", 3)
    record = json.loads(stream.getvalue())
    assert (record["event"], record["logger"]) == ("shard 3", "discord")


def test_level_holds(configure: Configure) -> None:
    stream = configure("text")
    structlog.get_logger("mynah").debug("detail")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_never_appear(configure: Configure, log_format: LogFormat) -> None:
    secret = 's3c"ret'
    stream = configure(log_format, secrets=[secret])
    log = structlog.get_logger("mynah")
    log.info(f"token {secret}", token=secret, nested={"token": [secret]})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    assert text.count("[secret]") >= 4
    assert "s3c" not in text


async def test_start_says_how_many_files_were_swept(tmp_path: Path) -> None:
    settings = Settings(storage=StorageSettings(directory=tmp_path))
    async with open_store(settings):
        pass
    (tmp_path / "clips" / "half.clip.tmp").touch()
    with structlog.testing.capture_logs() as logs:
        async with open_store(settings):
            pass
    assert [(entry["stage"], entry["files"]) for entry in logs] == [("start", 1)]
