"""A cluster that asks for a token: who has it speaks, who has not is told so in a line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from bot.config import Settings
from bot.engines import open_engine
from bot.errors import EngineDeadError
from tests.ray.asking import packets
from tests.speech.continuous_engine import sentence

pytestmark = pytest.mark.timeout(300)

TOKEN = "sesame-7d1c40f2a9"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    asking = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ray.token_cluster"], stdin=PIPE, stdout=PIPE, text=True,
        cwd=ROOT, env=os.environ | asking,
    ) as cluster:  # fmt: skip
        assert cluster.stdout is not None
        yield cluster.stdout.readline().strip()
        cluster.communicate()


@pytest.fixture
def settings(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOME", str(tmp_path))  # where Ray looks for a token, too
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    engine = {"kind": "piper", "executor": "ray", "ray_address": address, "ray_gpus": 0}
    return Settings(storage={"directory": tmp_path}, engine=engine)


@pytest.mark.parametrize("way", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"])
async def test_who_has_the_token_speaks_and_tells_it_nobody(
    settings: Settings,
    way: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    monkeypatch.setenv(way, TOKEN if way == "RAY_AUTH_TOKEN" else str(file))
    async with open_engine(settings) as engine:
        await engine.start()
        (result,) = await engine.synthesize([sentence("Hello there.")])
        assert len(packets(result)) > 20
        (worker,) = engine.workers
        seen = [Path(f"/proc/{worker.pid}/{what}").read_text() for what in ("environ", "cmdline")]
    told = capfd.readouterr()
    assert TOKEN not in "".join([*seen, told.out, told.err, caplog.text])


@pytest.mark.parametrize("token", ["another", None])
async def test_a_wrong_or_missing_token_is_one_line_with_what_to_do(
    settings: Settings, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if token is not None:
        monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    with pytest.raises(
        EngineDeadError, match=r"asks for a token.* Set RAY_AUTH_MODE=token"
    ) as told:
        async with open_engine(settings) as engine:
            await engine.start()
    assert "\n" not in str(told.value)
