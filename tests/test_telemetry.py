"""Libraries that would tell their makers what is done with them are told not to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bot.pool.engine_host import EngineHost
from bot.pool.ray_actor import SpeechActor
from bot.speech.engines.select import open_engine
from bot.speech.types import EngineSpec
from bot.workers import Worker, WorkerLimits
from bot.workers.environment import NO_TELEMETRY

SILENCED = ("CI", "ORT_RUNNING_UNIT_TESTS", *NO_TELEMETRY)


def open_onnx_runtime() -> str:
    """Do what the first model does; return the version."""
    import onnxruntime

    onnxruntime.SessionOptions()
    onnxruntime.get_available_providers()
    return str(onnxruntime.__version__)


def kept_for_its_maker(home: Path) -> list[Path]:
    return list((home / ".cache").rglob("*onnxruntime*"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nobody's, in a process whose user asked for nothing."""
    for name in (*SILENCED, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


async def test_onnx_runtime_keeps_nothing_for_its_maker_in_a_worker(home: Path) -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=60))
    try:
        assert await worker.run(open_onnx_runtime)
        assert await worker.run(os.getenv, "HOME") == str(home)
    finally:
        await worker.close()
    assert not kept_for_its_maker(home)


def test_it_would_where_nobody_told_it(home: Path) -> None:
    """Or the test above could not fail."""
    command = f"from {__name__} import open_onnx_runtime; open_onnx_runtime()"
    nowhere = dict.fromkeys(("HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    subprocess.run(
        [sys.executable, "-c", command], check=True, timeout=60, env={**os.environ, **nowhere}
    )
    assert kept_for_its_maker(home)


async def test_a_worker_cannot_be_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NO_TELEMETRY:
        monkeypatch.setenv(name, "0")
    worker = Worker("test worker", WorkerLimits(call_seconds=60))
    try:
        for name, value in NO_TELEMETRY.items():
            assert await worker.run(os.getenv, name) == value
    finally:
        await worker.close()


def test_neither_can_an_actor_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "setrlimit", lambda *_limits: None)  # of this process
    monkeypatch.setattr(EngineHost, "start", lambda _host: None)
    for name in NO_TELEMETRY:
        monkeypatch.setenv(name, "0")
    SpeechActor(open_engine, EngineSpec())
    assert {name: os.environ[name] for name in NO_TELEMETRY} == NO_TELEMETRY
