"""A directory with version 2 only, asked for as "multilingual": it speaks, and that is said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import ChatterboxModel, Speech, SynthesisRequest, VoiceReference
from tests.chatterbox.conftest import spec
from tests.chatterbox.reference import linked

ROOT = Path(__file__).parents[2]
TOLD = "no t3_mtl23ls_v3.safetensors, so it is the multilingual-v2 model that speaks"


@pytest.fixture(scope="module")
def directory(
    checkpoint: Callable[[ChatterboxModel], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return linked(checkpoint("multilingual-v2"), tmp_path_factory.mktemp("version 2"))


def test_the_engine_is_that_of_version_2(
    directory: Path, voices: tuple[VoiceReference, ...]
) -> None:
    engine = ChatterboxEngine(spec("multilingual", directory, slots=1), "test")
    assert engine.info.model == "multilingual-v2"
    (note,) = engine.info.notes
    assert TOLD in note
    assert engine._model.t3.hp.is_multilingual  # it is guarded
    (speech,) = engine.synthesize([SynthesisRequest("Hello there.", voices[0], "en")])
    assert isinstance(speech, Speech)
    engine.close()


@pytest.mark.timeout(1800)  # it loads libraries anew
def test_mynah_check_says_so(directory: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MYNAH_STORAGE__DIRECTORY": str(tmp_path / "data"),
        "MYNAH_ENGINE__KIND": "chatterbox",
        "MYNAH_ENGINE__MODEL": "multilingual",
        "MYNAH_ENGINE__CHECKPOINT": str(directory),
        "MYNAH_ENGINE__DEVICE": "cpu",
        "MYNAH_ENGINE__SLOTS": "1",
        "MYNAH_ENGINE__CHECK_RETRIES": "0",  # random weights babble
    }
    run = subprocess.run(
        [sys.executable, "-m", "tools.random_engine", "check", "--offline", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "chatterbox (multilingual-v2) on cpu" in run.stdout, run.stdout + run.stderr
    assert TOLD in run.stdout
