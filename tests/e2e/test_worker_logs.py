"""Workers log as the bot does; with the real ones."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app import open_media_worker
from bot.config import Settings
from bot.config_sections import DiscordSettings, EngineSettings, LoggingSettings
from bot.engines import open_engine
from bot.enrolment.pipeline import warm
from bot.speech.types import SynthesisRequest, VoiceReference
from tests.test_logs import Configure, configure

__all__ = ["configure"]


def log_in_worker(text: str) -> None:
    logging.getLogger("bot.enrolment").info("quiet %s", text)
    logging.getLogger("some.library").info("chatter %s", text)
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
        ("bot.enrolment", "quiet [secret]"),
        ("some.library", "loud [secret]"),
        ("some.library", "loud again"),
    ]
    assert {record["stage"] for record in records} == {"enrol"}


async def test_at_debug_the_workers_show_no_byte_code_and_nothing_that_is_said(
    configure: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("json", level="debug")
    settings = Settings(
        engine=EngineSettings(kind="piper"), logging=LoggingSettings(format="json", level="debug")
    )
    async with open_media_worker(settings) as worker:
        await worker.run(warm)  # has numba compile
    wrong: Any = "a pitch that breaks the engine"
    good, broken = (VoiceReference(Path("unused"), "", pitch) for pitch in (None, wrong))
    async with open_engine(settings) as engine:
        await engine.synthesize([SynthesisRequest("A secret.", voice) for voice in (good, broken)])
    (record,) = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (record["logger"], record["event"]) == ("bot.speech.engines.base", "synthesis failed")
    assert (record["stage"], record["level"]) == ("engine", "error")
