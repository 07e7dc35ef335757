"""The whole bot with engines of a cluster: what a member hears, and what its operator sees."""

from __future__ import annotations

import json
import platform
import signal
from pathlib import Path

import aiohttp
import pytest
from ray.cluster_utils import Cluster

from tests.ray.asking import PATIENCE_SECONDS, until
from tests.ray.bots import Bot, of_cluster, open_bot, ready
from tests.ray.test_programs import begin, configuration, read_until

pytestmark = pytest.mark.timeout(300)

SENTENCE = "The rain had stopped before morning."
NAMES = ["mynah-engine-0", "mynah-engine-1"]


async def heard(bot: Bot, text: str = SENTENCE) -> None:
    """Have a text said and wait until it is heard, once."""
    packets, before = len(bot.call.listener.packets), len(bot.utterances())
    bot.call.say(text)
    await bot.call.heard_to_the_end(PATIENCE_SECONDS, since=packets)
    await until(lambda: len(bot.utterances()) > before)
    (line,) = bot.utterances()[before:]
    assert "end=played" in line


async def test_a_text_is_heard_and_each_engine_is_shown_with_its_machine(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    async with open_bot(tmp_path, of_cluster(cluster.address, namespace, 2)) as bot:
        await bot.until_engines(2)
        await heard(bot)
        code, told = await bot.mynah("status", "--json")
        assert code == 0, told
        devices = ready(json.loads(told))
        assert [device["name"] for device in devices] == NAMES
        assert {device["machine"] for device in devices} == {platform.node()}
        assert sum(device["sentences"] for device in devices) >= 1
        code, told = await bot.mynah("status")
        assert code == 0, told
        assert all(any(name in line and platform.node() in line for line in told.splitlines())
                   for name in NAMES), told  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{bot.port}/metrics") as response,
        ):
            page = await response.text()
        assert all(f'mynah_device_ready{{device="{name}"}} 1.0' in page for name in NAMES)


async def test_engines_that_are_ended_under_a_bot_are_begun_anew_and_what_waits_is_heard(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    async with open_bot(tmp_path, of_cluster(cluster.address, namespace, 2)) as bot:
        before = await bot.until_engines(2)
        await heard(bot)
        code, told = await bot.mynah("engine", "stop")
        assert (code, told) == (0, "2 engines ended.\n")
        await heard(bot)
        after = await bot.until_engines(2)
    # The bot's own worker, which asks them, is the same.
    assert after["workers"] == before["workers"]
    assert "an engine left the cluster" in "".join(bot.log)


async def test_served_engines_that_leave_are_told_and_what_waits_is_heard_when_they_come_back(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    config = configuration(tmp_path, cluster.address, namespace)
    data = tmp_path / "data"
    data.mkdir()
    serving = await begin(config, "engine", "serve")
    try:
        await read_until(serving, "speaks with")
        async with open_bot(data, of_cluster(cluster.address, namespace, 0)) as bot:
            await bot.until_engines(1)
            await heard(bot)
            serving.send_signal(signal.SIGTERM)
            assert await serving.wait() == 0
            await until(lambda: any("Begin one on a machine" in line for line in bot.log))
            assert not (await bot.status())["engine"]["ready"]
            answer = await bot.call.say(SENTENCE).answered()
            assert "The voice engine is starting again" in answer.content
            serving = await begin(config, "engine", "serve")
            await read_until(serving, "speaks with")
            await bot.until_engines(1)
            await until(lambda: len(bot.utterances()) > 1)
            assert "end=played" in bot.utterances()[-1]
    finally:
        if serving.returncode is None:
            serving.kill()
            await serving.wait()
