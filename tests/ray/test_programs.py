"""`mynah engine serve` and `stop` as programs, on a cluster, and where there is none."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from bot.pool.ray_cluster import RaySpec
from bot.pool.ray_serving import served_name
from bot.speech.types import EngineSpec
from tests.ray.asking import PATIENCE_SECONDS, asking, packets, speak
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)


def configuration(folder: Path, address: str, namespace: str) -> Path:
    path = folder / "mynah.toml"
    path.write_text(
        f'[storage]\ndirectory = "{folder / "data"}"\n'
        f'[engine]\nkind = "piper"\nexecutor = "ray"\nray_gpus = 0\nray_actors = 0\n'
        f'ray_address = "{address}"\nray_namespace = "{namespace}"\n'
    )
    return path


async def begin(config: Path, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "--config", config, *arguments, stdout=PIPE, stderr=STDOUT
    )


async def read_until(program: Process, words: str) -> str:
    """Return what a program writes up to a line with these words, or to its end."""
    assert program.stdout is not None
    told = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while line := (await program.stdout.readline()).decode():
            told += line
            if words in line:
                break
    return told


async def finished(config: Path, *arguments: str) -> tuple[int | None, str]:
    program = await begin(config, *arguments)
    told = await read_until(program, "\0")
    return await program.wait(), told


async def test_served_engines_speak_and_end_with_the_program(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    config = configuration(tmp_path, cluster.address, namespace)
    serving = await begin(config, "engine", "serve")
    try:
        told = await read_until(serving, "speaks with en_US-joe-medium on cpu")
        assert (
            told.splitlines()[-1]
            == f"{served_name()}: speaks with en_US-joe-medium on cpu, 1 at once"
        )
        bots = RaySpec(address=cluster.address, namespace=namespace, actors=0, gpus=0)
        async with asking(bots, EngineSpec(kind="piper", auto_model=True)) as client:
            assert len(packets(await speak(client, sentence("Hello there.")))) > 20
            (device,) = client.devices
            assert device.name == served_name()
            assert device.reading().machine
        serving.send_signal(signal.SIGTERM)
        assert (await read_until(serving, "\0")).splitlines() == ["Ended."]
        assert await serving.wait() == 0
    finally:
        if serving.returncode is None:
            serving.kill()
            await serving.wait()
    assert await finished(config, "engine", "stop") == (0, "There was none.\n")


async def test_stop_says_how_many_it_ended(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    bots = RaySpec(address=cluster.address, namespace=namespace, actors=2, gpus=0)
    async with asking(bots, EngineSpec(kind="piper", auto_model=True)):
        pass  # its engines outlive it
    config = configuration(tmp_path, cluster.address, namespace)
    assert await finished(config, "engine", "stop") == (0, "2 engines ended.\n")


@pytest.mark.parametrize("command", ["serve", "stop"])
async def test_no_cluster_is_one_line_and_a_failure(tmp_path: Path, command: str) -> None:
    code, told = await finished(configuration(tmp_path, "127.0.0.1:9", "x"), "engine", command)
    assert code == 1
    (line,) = told.splitlines()
    assert line.startswith("error: No Ray cluster can be reached at 127.0.0.1:9 ")
