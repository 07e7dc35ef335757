"""A text that is planned before the engine is loaded, through the engine's real client."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from bot.app import open_speech
from bot.config import Settings
from bot.speech.engine_worker import EngineOpener
from bot.speech.service import Utterance
from bot.speech.types import EngineSpec
from storage.clip_directory import DirectoryClips
from tests.speech.scripted_engine import open_chosen, open_scripted, scripted


@pytest.mark.parametrize(
    ("opener", "said"), [(open_chosen, "[laugh] Hi there."), (open_scripted, "laugh Hi there.")]
)
async def test_it_is_said_as_the_model_wants_it_that_was_loaded(
    tmp_path: Path, opener: EngineOpener, said: str
) -> None:
    settings = Settings.model_validate({"storage": {"directory": tmp_path}})
    utterance = Utterance("[laugh] Hi there.", scripted("").voice)
    clips = DirectoryClips(tmp_path)
    async with open_speech(settings, clips) as (engine, service):
        engine.loader._open_engine = opener
        engine.loader._spec = EngineSpec(kind="chatterbox", auto_model=True)
        planned = await service.planned(utterance)
        assert planned.sentences == ("laugh Hi there.",)
        with structlog.testing.capture_logs() as lines:
            assert len([speech async for speech in service.speak(planned)]) == 1
    (spoken,) = (line for line in lines if line["event"] == "sentence spoken")
    assert spoken["characters"] == len(said)
