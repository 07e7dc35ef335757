"""The key is in no log, error, argument, output, file or child's environment; all are searched."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

from loopback import LoopbackDiscord, wait_until
from storage.key_file import new_key, write_keys
from tests.cli.conftest import environment_of
from tests.e2e.live import add_operator_voice

START_SECONDS = 60


def spellings(key: bytes) -> list[bytes]:
    """Return the ways in which a key could be written somewhere."""
    return [base64.b64encode(key)[:-1], key, key.hex().encode(), repr(key)[2:-1].encode()]


def shown(process: psutil.Process) -> bytes:
    """Return what /proc shows of a process: its arguments and its environment."""
    folder = Path(f"/proc/{process.pid}")
    return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", ["file", "environment"])
async def test_key_is_seen_nowhere(way: str, tmp_path: Path) -> None:
    data, key, key_file = tmp_path / "data", new_key(), tmp_path / "mynah.key"
    write_keys(key_file, [key])
    told = {"MYNAH_STORAGE__KEY_FILE": str(key_file)}
    if way == "environment":
        told = {"MYNAH_STORAGE__KEY": base64.b64encode(key).decode()}
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run",
            env=environment_of(
                data, **discord.env(), **told,
                MYNAH_LOGGING__LEVEL="debug", PYTHONPATH=os.pathsep.join(sys.path),
            ),
            stdout=PIPE, stderr=PIPE, cwd=tmp_path, limit=2**24,
        )  # fmt: skip
        assert process.stderr is not None
        log = b""
        async with asyncio.timeout(START_SECONDS):
            while b"engine loaded" not in log:
                line = await process.stderr.readline()
                assert line, log.decode()
                log += line
        bot = psutil.Process(process.pid)
        await wait_until(lambda: len(bot.children()) == 2, START_SECONDS, "both workers")
        workers = b"".join(shown(child) for child in bot.children(recursive=True))
        arguments = Path(f"/proc/{bot.pid}/cmdline").read_bytes()
        process.send_signal(signal.SIGTERM)
        printed, rest = await process.communicate()
    log += rest
    assert b"not all is sealed by the newest key" in log  # it had the key
    places = {"log": log, "output": printed, "workers": workers, "arguments": arguments}
    places |= {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert not [where for where, seen in places.items() if any(s in seen for s in spellings(key))]
