"""No secret of this process is seen in a child, but for what it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.engines import ENGINE_SECRETS
from bot.workers import Worker, WorkerLimits
from bot.workers.environment import entrusted, public

SECRETS = {
    "DISCORD_TOKEN": "s3cret",
    "discord_token": "s3cret",
    "MYNAH_DISCORD__TOKEN": "s3cret",
    "mynah_discord__proxy": "http://user:s3cret@proxy",
    "HF_TOKEN": "s3cret",
    "HUGGING_FACE_HUB_TOKEN": "s3cret",
    "https_proxy": "http://user:s3cret@proxy",
    "ALL_PROXY": "socks5://user:s3cret@proxy",
    "DATABASE_URL": "postgres://user:s3cret@host/base",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
    "OPENAI_API_KEY": "s3cret",
    "GITHUBTOKEN": "s3cret",
    "MYSQL_PWD": "s3cret",
    "RESTIC_PASSWORD": "s3cret",
    "NOTIFY_SOCKET": "/run/s3cret",
    "WATCHDOG_USEC": "s3cret",
    "WATCHDOG_PID": "s3cret",
}
HARMLESS = {
    "PATH": "/bin",
    "PWD": "/home",
    "OLDPWD": "/",
    "HOME": "/home/anna",
    "HF_HOME": "/models",
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "0",
    "KEYBOARD": "de",
    "LESSKEYIN": "x",
    "PYTHONPATH": "/a:/b",
    "NO_COLOR": "1",
}
NEEDED = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "https_proxy", "ALL_PROXY"}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_left_out(name: str) -> None:
    assert public({name: SECRETS[name]}) == {}


@pytest.mark.parametrize("name", HARMLESS)
def test_the_rest_stays(name: str) -> None:
    assert public({name: HARMLESS[name]}) == {name: HARMLESS[name]}


def test_the_engine_is_told_what_downloads_need() -> None:
    assert set(entrusted({**SECRETS, **HARMLESS}, ENGINE_SECRETS)) == NEEDED
    assert entrusted(SECRETS, ()) == {}


def environment() -> Mapping[str, str]:
    return dict(os.environ)


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc")
@pytest.mark.parametrize("patterns", [(), ENGINE_SECRETS])
async def test_proc_shows_no_secret_of_a_child(
    patterns: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    worker = Worker("test worker", WorkerLimits(60), secrets=patterns)
    try:
        known = await worker.run(environment)
        shown = Path(f"/proc/{worker.pid}/environ").read_text()
        arguments = Path(f"/proc/{worker.pid}/cmdline").read_text()
    finally:
        await worker.close()
    assert "s3cret" not in shown + arguments
    assert {name for name in SECRETS if name in known} == (NEEDED if patterns else set())
    assert os.environ["DISCORD_TOKEN"] == "s3cret", "this process keeps its own"
