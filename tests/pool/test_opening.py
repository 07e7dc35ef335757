"""What the configuration opens; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Settings
from bot.engines import open_engine
from bot.speech.engine_client import EngineClient


def settings(directory: Path, engine: dict[str, object]) -> Settings:
    return Settings.model_validate({"storage": {"directory": directory}, "engine": engine})


async def test_one_device_is_one_engine(tmp_path: Path) -> None:
    async with open_engine(settings(tmp_path, {"devices": ["cuda:1"]})) as engine:
        assert isinstance(engine, EngineClient)
        assert (engine.loader.spec.device, engine.devices) == ("cuda:1", ())
        assert [worker.name for worker in engine.workers] == ["engine worker"]


@pytest.mark.parametrize(
    ("devices", "names"),
    [
        (["cuda:0", "cuda:1"], ["cuda:0", "cuda:1"]),
        (["cpu", "cpu"], ["cpu 1", "cpu 2"]),
        (["cuda:1", "cpu"], ["cuda:1", "cpu"]),
    ],
)
async def test_several_devices_are_a_pool_of_engines_with_names_of_their_own(
    tmp_path: Path, devices: list[str], names: list[str]
) -> None:
    async with open_engine(settings(tmp_path, {"devices": devices})) as engine:
        assert [device.name for device in engine.devices] == names
        assert [worker.name for worker in engine.workers] == [f"engine worker {n}" for n in names]
        assert (engine.ready, engine.slots, engine.condition().state) == (False, 2, "starting")
