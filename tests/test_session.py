"""Logging in, staying online through Discord's troubles, leaving in good order."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from pydantic import SecretStr
from structlog.typing import EventDict

import bot.session
from bot.client import MynahBot
from bot.config import Settings
from bot.config_sections import DiscordSettings, StorageSettings
from bot.errors import ConfigError, MynahError
from bot.session import brief, logged_in, require_token, require_voice, stay_online
from loopback import LoopbackDiscord
from storage.voices import VoiceStore
from tests.cogs.world import World


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        yield discord
        discord.assert_clean()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with VoiceStore.open(tmp_path) as store:
        yield World(store)


@pytest.fixture
def log_lines() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


class Session:
    """`stay_online` against the loopback, to be stopped by the test."""

    def __init__(
        self,
        world: World,
        loopback: LoopbackDiscord,
        token: str | None = None,
        *,
        message_content: bool = False,
        **options: Any,
    ) -> None:
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(
            stay_online(
                lambda message_content: world.make_bot(
                    connector=loopback.connector(), message_content=message_content, **options
                ),
                token or loopback.token,
                self.stop,
                message_content=message_content,
            )
        )

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 10)


def command_syncs(loopback: LoopbackDiscord) -> int:
    return sum(
        request.method == "PUT" and request.path.endswith("/commands")
        for request in loopback.requests
    )


async def test_commands_are_synced_only_when_they_changed(
    world: World, loopback: LoopbackDiscord
) -> None:
    for _ in range(2):
        session = Session(world, loopback)
        await loopback.gateway.wait_ready()
        await session.end()
    assert command_syncs(loopback) == 1


async def test_a_wrong_token_is_an_error_of_the_configuration(
    world: World, loopback: LoopbackDiscord
) -> None:
    with pytest.raises(ConfigError, match="does not accept the token"):
        await Session(world, loopback, token="wrong").task


async def test_a_message_content_that_is_refused_is_told_and_done_without(
    world: World,
    loopback: LoopbackDiscord,
    log_lines: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot.session, "FIRST_PAUSE_SECONDS", 0.01)
    session = Session(world, loopback, message_content=True)
    await loopback.gateway.wait_ready()
    await session.end()
    (line,) = [line for line in log_lines if line["log_level"] in ("warning", "error")]
    assert "https://discord.com/developers/applications" in line["event"]
    assert "Message Content Intent" in line["event"]


async def test_discord_out_of_order_at_the_start_is_tried_again(
    world: World,
    loopback: LoopbackDiscord,
    log_lines: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot.session, "FIRST_PAUSE_SECONDS", 0.01)
    # discord.py itself tries five times, and waits for 25 s in all, at 500, 502 and 504.
    loopback.faults.fail_next("GET /users/@me", 503, times=2)
    session = Session(world, loopback)
    await loopback.gateway.wait_ready()
    await session.end()
    assert [line["event"] for line in log_lines].count("Discord cannot be reached") == 2


async def test_a_client_that_fails_in_an_unforeseen_way_is_followed_by_another(
    world: World,
    loopback: LoopbackDiscord,
    log_lines: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot.session, "FIRST_PAUSE_SECONDS", 0.01)
    connect = MynahBot.connect

    async def fail_once(self: MynahBot, *, reconnect: bool = True) -> None:
        monkeypatch.setattr(MynahBot, "connect", connect)
        raise AttributeError("as discord.py does when its first connection fails")

    monkeypatch.setattr(MynahBot, "connect", fail_once)
    session = Session(world, loopback)
    await loopback.gateway.wait_ready()
    await session.end()
    (line,) = [line for line in log_lines if line["event"] == "the Discord client failed"]
    assert isinstance(line["exc_info"], AttributeError)  # with its traceback


async def test_a_token_that_is_revoked_while_online_ends_the_program(
    world: World, loopback: LoopbackDiscord
) -> None:
    session = Session(world, loopback)
    await loopback.gateway.wait_ready()
    loopback.close_gateway(4004)
    with pytest.raises(ConfigError, match="does not accept the token"):
        await asyncio.wait_for(session.task, 10)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_stopping_does_not_wait_for_a_network_that_is_down(
    world: World, log_lines: list[EventDict]
) -> None:
    stop = asyncio.Event()
    proxy = f"http://127.0.0.1:{_closed_port()}"
    task = asyncio.create_task(
        stay_online(lambda _content: world.make_bot(proxy=proxy), "token", stop)
    )
    while not log_lines:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 2)
    assert log_lines[0]["event"] == "Discord cannot be reached"
    assert "exc_info" not in log_lines[0]


async def test_the_password_of_a_proxy_is_in_no_error(world: World) -> None:
    async with world.make_bot(proxy="http://user:secret@:8080") as client:
        with pytest.raises(aiohttp.InvalidURL) as error:
            await client.login("token")
    assert "secret" in str(error.value)
    assert brief(error.value) == "the address is not valid; see discord.proxy"


async def test_an_unreachable_host_is_told_in_plain_words(world: World) -> None:
    async with world.make_bot(proxy=f"http://127.0.0.1:{_closed_port()}") as client:
        with pytest.raises(aiohttp.ClientError) as error:
            await client.login("token")
    assert brief(error.value).startswith("Cannot connect to host 127.0.0.1")
    assert brief(TimeoutError()) == "TimeoutError"


async def test_patience_with_a_network_that_is_down_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.session, "PATIENCE_SECONDS", -1.0)
    proxy = f"http://127.0.0.1:{_closed_port()}"
    with pytest.raises(MynahError, match="could not be reached"):
        await stay_online(lambda _content: world.make_bot(proxy=proxy), "token", asyncio.Event())


@pytest.fixture
def settings(loopback: LoopbackDiscord, tmp_path: Path) -> Settings:
    return Settings(
        discord=DiscordSettings(token=SecretStr(loopback.token)),
        storage=StorageSettings(directory=tmp_path),
    )


async def test_commands_are_synced_by_hand_for_all_guilds_or_for_one(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    (guild,) = loopback.world.guilds.values()
    async with logged_in(settings, connector=loopback.connector) as client:
        assert command_syncs(loopback) == 0
        assert await client.sync_commands(force=True) == len(client.tree.get_commands())
        assert await client.sync_commands() is None
        assert await client.sync_commands(guild.id) == len(client.tree.get_commands())
        await client.remove_guild_commands(guild.id)
    *_, copies, removal = [r for r in loopback.requests if r.method == "PUT"]
    assert copies.path == removal.path
    assert f"/guilds/{guild.id}/" in copies.path


async def test_syncing_by_hand_says_when_discord_is_out_of_order(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    loopback.faults.fail_next("GET /users/@me", 503)
    with pytest.raises(MynahError, match="cannot be reached"):
        async with logged_in(settings, connector=loopback.connector):
            pytest.fail("it cannot be logged in")


async def test_the_command_prints_how_many_commands_discord_knows(
    loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sync",
        env={**loopback.env(), "MYNAH_STORAGE__DIRECTORY": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await program.communicate()
    told = f"Discord knows {len(loopback.world.commands[None])} commands for all servers.\n"
    assert (program.returncode, output.decode()) == (0, told)


def test_without_a_token_it_says_where_to_get_one_and_how_to_invite() -> None:
    with pytest.raises(ConfigError) as error:
        require_token(Settings())
    text = str(error.value)
    assert "discord.com/developers/applications" in text
    assert "scope=bot+applications.commands" in text
    assert "permissions=3148800" in text  # View Channel, Send Messages, Connect, Speak


def test_a_missing_library_for_voice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_voice()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="davey and nacl"):
        require_voice()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_program_ends_well_within_ten_seconds_of_a_signal(
    loopback: LoopbackDiscord, tmp_path: Path, number: signal.Signals
) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run",
        env={**loopback.env(), "MYNAH_STORAGE__DIRECTORY": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await loopback.gateway.wait_ready(within=30)
    begin = time.monotonic()
    program.send_signal(number)
    _, errors = await program.communicate()
    assert program.returncode == 0, errors.decode()
    assert time.monotonic() - begin < 10
    assert b"Traceback" not in errors, errors.decode()
    assert loopback.token.encode() not in errors
