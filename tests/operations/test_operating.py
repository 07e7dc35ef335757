"""What an operator asked for and cannot have keeps no bot from running, and is told in one line."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from bot.config import Settings
from bot.config_sections import MetricsSettings, StorageSettings
from bot.operating import operating
from bot.operations import control_socket
from bot.operations.figures import Figures
from bot.operations.health import Health
from storage.layout import SOCKET_NAME
from tests.operations.standing import Standing

OWN_TASKS = {"watchdog", "log-repeats", "loop-lag", "readiness-probe"}


async def operated(directory: Path, metrics: MetricsSettings) -> list[dict[str, Any]]:
    """Run the operator's part once; return what was logged."""
    settings = Settings(storage=StorageSettings(directory=directory), metrics=metrics)
    backstage: Any = SimpleNamespace(
        vitals=Standing(), figures=Figures(), health=Health(), scheduler=None
    )
    with structlog.testing.capture_logs() as lines:
        async with operating(settings, backstage, asyncio.Event()):
            await asyncio.sleep(0)
    return [dict(line) for line in lines]


ON = MetricsSettings(enabled=True, port=0)


async def test_it_tells_where_figures_are(tmp_path: Path) -> None:
    (line,) = await operated(tmp_path, ON)
    assert line["event"] == "figures and health are told"
    assert line["port"] > 0


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    assert await operated(tmp_path, MetricsSettings()) == []
    assert list(tmp_path.iterdir()) == []
    assert not {task.get_name() for task in asyncio.all_tasks()} & OWN_TASKS


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (line,) = await operated(tmp_path, MetricsSettings(enabled=True, port=port))
    assert line["event"] == "figures are told nowhere: the port cannot be had"
    assert (line["port"], line["log_level"]) == (port, "error")


async def test_a_missing_package_is_told_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "bot.operations.metrics", raising=False)
    monkeypatch.delitem(sys.modules, "bot.operations.snapshot_metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    missing, told = await operated(tmp_path, ON)
    assert missing["event"] == "no figures are kept: prometheus-client is missing"
    assert missing["advice"] == 'pip install "mynah-bot[metrics]"'
    assert told["event"] == "figures and health are told"  # health is, all the same


async def test_another_bots_socket_stays_and_is_told(tmp_path: Path) -> None:
    with control_socket.listening(tmp_path / SOCKET_NAME):
        (line,) = await operated(tmp_path, MetricsSettings())
        assert line["event"] == "`mynah status` cannot ask this bot"
        assert (tmp_path / SOCKET_NAME).exists()
