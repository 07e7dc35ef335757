"""Several processes on one PostgreSQL database and one directory of recordings."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from bot.commit_watch import CommitWatch
from storage.audit_check import audited_guilds, verify
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import make_clip

PROCESSES = 4
SECONDS = 5


async def test_processes_enrol_and_delete_beside_each_other(
    postgres_url: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "TEST_URL": postgres_url}
    program = (sys.executable, "-m", "tests.servers.rows.busy", str(tmp_path))
    children = [
        await asyncio.create_subprocess_exec(
            *program, str(number), str(SECONDS), env=environment, stdout=asyncio.subprocess.PIPE
        )
        for number in range(1, PROCESSES + 1)
    ]  # fmt: skip
    outputs = await asyncio.gather(*(child.communicate() for child in children))
    assert [child.returncode for child in children] == [0] * PROCESSES
    for output, _ in outputs:
        told = json.loads(output)
        assert (told["stale"], told["left"]) == (0, 0)
        assert told["rounds"] > 0
    async with VoiceStore.open(tmp_path, url=postgres_url) as store:
        report = await store.check(verify=True)
        assert (report.damaged, report.lost, report.moved) == ((), (), ())
        for guild in await audited_guilds(store.database):
            assert await verify(store.database, guild) == []
    assert not list((tmp_path / "clips").iterdir())


async def test_a_change_of_another_is_noticed_within_a_second(
    postgres_url: str, tmp_path: Path
) -> None:
    async with (
        VoiceStore.open(tmp_path / "one", url=postgres_url) as here,
        VoiceStore.open(tmp_path / "two", url=postgres_url) as there,
    ):
        looked, noticed = asyncio.Event(), asyncio.Event()

        async def note() -> None:
            (noticed if looked.is_set() else looked).set()

        commits = CommitWatch(here.version)
        commits.subscribe(note)
        async with commits.running(), asyncio.timeout(30):
            await looked.wait()
            await there.add(NewVoice(1, "Anna"), make_clip())
            await noticed.wait()
