"""Loading from a directory asks nothing of any network, in a process that is free to do so.

And nothing is written to standard error, by stock code either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bot.speech.types import ChatterboxModel

MODELS: tuple[ChatterboxModel, ...] = (
    "english",
    "turbo",
    "nano",
    "multilingual",
    "multilingual-v2",
    "multilingual:pt-br",
)
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")

PROGRAM = """
import json, sys

tried = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        tried.append(f"{event}: {arguments[-1]}")
        raise OSError("the test allows no network")

sys.addaudithook(watch)

from pathlib import Path
from bot.speech.probe import temporary_voice
from bot.speech.types import EngineSpec, SynthesisRequest
from tests.chatterbox.shrunk import open_shrunk

spoken = {}
for directory in map(Path, sys.argv[1:]):
    engine = open_shrunk(EngineSpec("chatterbox", directory.name, directory, "cpu", decode="stock"))
    with temporary_voice() as voice:
        (speech,) = engine.synthesize([SynthesisRequest("Hello there.", voice, "en")])
    spoken[engine.info.model] = speech.seconds > 0
    engine.close()
print(json.dumps([spoken, tried]))
"""


def test_models_load_and_speak_without_a_network_and_in_silence(
    checkpoint: Callable[[ChatterboxModel], Path], tmp_path: Path
) -> None:
    for model in MODELS:
        (tmp_path / model).mkdir()
        for file in checkpoint(model).iterdir():
            (tmp_path / model / file.name).symlink_to(file)
        if model.startswith("multilingual"):  # it would be said that it is missing
            (tmp_path / model / "Cangjie5_TC.json").write_text("[]")
    environment = {name: value for name, value in os.environ.items() if name not in OFFLINE}
    environment["HF_HOME"] = str(tmp_path / "cache")
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *(str(tmp_path / name) for name in MODELS)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [dict.fromkeys(MODELS, True), []]
    assert run.stderr == ""
