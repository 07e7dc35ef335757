"""Logging: fields, formats, libraries' records, and secrets that never appear."""

import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from bot.app import open_media_worker, open_store
from bot.config import DiscordSettings, LoggingSettings, Settings, StorageSettings
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


def log_in_worker(text: str) -> None:
    logging.getLogger("some.library").info("quiet %s", text)
    logging.getLogger("some.library").warning("loud %s", text)


async def test_workers_log_as_the_bot_does(
    configure: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("json")
    settings = Settings(
        discord=DiscordSettings(token=SecretStr("s3cret")), logging=LoggingSettings(format="json")
    )
    async with open_media_worker(settings) as worker:
        await worker.run(log_in_worker, "s3cret")
        logging.getLogger().setLevel("WARNING")
    async with open_media_worker(settings) as worker:
        await worker.run(log_in_worker, "again")
    records = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(record["logger"], record["event"]) for record in records] == [
        ("some.library", "quiet [secret]"),
        ("some.library", "loud [secret]"),
        ("some.library", "loud again"),
    ]


async def test_start_says_how_many_files_were_swept(tmp_path: Path) -> None:
    settings = Settings(storage=StorageSettings(directory=tmp_path))
    async with open_store(settings):
        pass
    (tmp_path / "clips" / "half.clip.tmp").touch()
    with structlog.testing.capture_logs() as logs:
        async with open_store(settings):
            pass
    assert [(entry["stage"], entry["files"]) for entry in logs] == [("start", 1)]
