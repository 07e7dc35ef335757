"""Logging: fields, formats, libraries' records, and secrets that never appear."""

import io
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import structlog

from bot.app import open_store
from bot.config import Settings
from bot.config_sections import StorageSettings
from bot.logs import LogFormat, configure_logging

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure() -> Configure:
    def apply(
        log_format: LogFormat,
        secrets: Sequence[str] = (),
        *,
        level: str = "info",
        stage: str | None = None,
    ) -> io.StringIO:
        stream = io.StringIO()
        configure_logging(level, log_format, stream=stream, secrets=secrets, stage=stage)
        return stream

    return apply


def test_text_line_has_the_fields(configure: Configure) -> None:
    stream = configure("text")
    with structlog.contextvars.bound_contextvars(guild=7, voice="Anna", stage="enrol"):
        structlog.get_logger("bot").info("saved")
    line = stream.getvalue()
    assert all(part in line for part in ("saved", "guild=7", "voice=Anna", "stage=enrol"))


def test_json_line_has_the_fields(configure: Configure) -> None:
    stream = configure("json")
    with structlog.contextvars.bound_contextvars(guild=7, voice="Anna", stage="enrol"):
        structlog.get_logger("bot").info("saved")
    record = json.loads(stream.getvalue())
    assert record["event"] == "saved"
    assert (record["guild"], record["voice"], record["stage"]) == (7, "Anna", "enrol")
    assert record["level"] == "info"


def test_records_of_libraries_take_the_same_way(configure: Configure) -> None:
    stream = configure("json")
    logging.getLogger("discord").warning("shard %d", 3)
    record = json.loads(stream.getvalue())
    assert (record["event"], record["logger"]) == ("shard 3", "discord")


@pytest.mark.parametrize("level", ["debug", "info"])
def test_other_libraries_than_discord_are_shown_from_warnings_on(
    configure: Configure, level: str
) -> None:
    stream = configure("json", level=level)
    logging.info("input frame rate=%d", 25)  # as chatterbox does
    for name in ("httpx", "numba.core.byteflow", "botany", "discord.gateway", "cogs.speech"):
        logging.getLogger(name).log(logging.getLogger().level, "detail")
        logging.getLogger(name).warning("trouble")
    shown = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["event"]) for line in shown] == [
        ("httpx", "trouble"),
        ("numba.core.byteflow", "trouble"),
        ("botany", "trouble"),
        ("discord.gateway", "detail"),
        ("discord.gateway", "trouble"),
        ("cogs.speech", "detail"),
        ("cogs.speech", "trouble"),
    ]


def test_a_stage_is_given_where_a_record_names_none(configure: Configure) -> None:
    stream = configure("json", stage="engine")
    logging.getLogger("bot.speech").warning("stdlib")
    logging.getLogger("bot.speech").warning("stdlib", extra={"stage": "stop"})
    structlog.get_logger("bot.speech").warning("structlog")
    structlog.get_logger("bot.speech").warning("structlog", stage="voice")
    with structlog.contextvars.bound_contextvars(stage="start"):
        structlog.get_logger("bot.speech").warning("structlog")
    stages = [json.loads(line)["stage"] for line in stream.getvalue().splitlines()]
    assert stages == ["engine", "stop", "engine", "voice", "start"]


def test_level_holds(configure: Configure) -> None:
    stream = configure("text")
    structlog.get_logger("bot").debug("detail")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_never_appear(configure: Configure, log_format: LogFormat) -> None:
    secret = 's3c"ret'
    stream = configure(log_format, secrets=[secret])
    log = structlog.get_logger("bot")
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


MEMBER, SERVER, CLIP = 1_101_202_303_404_505_001, 81_384_788_765_712_384, "ab" * 32


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_neither_members_nor_recordings_are_named_wherever_they_stand(
    log_format: LogFormat,
) -> None:
    stream = io.StringIO()
    configure_logging("info", log_format, stream=stream)
    address = f"GET https://discord.com/api/v10/guilds/1/members/{MEMBER}"
    logging.getLogger("discord.http").warning("We are being rate limited. %s", address)
    logging.getLogger("storage.clips").warning("The clip /data/clips/%s.pickle.gz is gone", CLIP)
    log = structlog.get_logger("bot.test")
    log.warning("not done", stage="test", guild=SERVER, error=f"NotFound({MEMBER})")
    log.warning("nor this", stage="test", error=ValueError(CLIP), files=[f"{CLIP}.pickle.gz"])
    try:
        raise OSError(2, "missing", f"/data/clips/{CLIP}.pickle.gz", None, f"<@{MEMBER}>")
    except OSError:
        log.exception("failed", stage="test")
    told = stream.getvalue()
    assert str(MEMBER) not in told
    assert CLIP not in told
    assert "members/[id]" in told
    assert "/data/clips/[hash].pickle.gz is gone" in told
    assert str(SERVER) in told
    assert "Traceback" in told


def test_the_link_that_invites_the_bot_stays_whole() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", stream=stream)
    structlog.get_logger("bot.test").info("invite me", stage="start", link=f"?client_id={MEMBER}")
    assert f"?client_id={MEMBER}" in stream.getvalue()
