"""A client of some shards, or of as many as Discord advises, against the loopback Discord."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot.identify_turns
import bot.session
from bot.errors import ConfigError
from loopback import LoopbackDiscord, wait_until
from storage.errors import DirectoryInUseError
from storage.layout import PROCESSES_NAME
from storage.process_lock import claim, list_running, running
from storage.shards import Shards
from tests.cogs.world import World
from tests.test_session import Session, loopback, world

__all__ = ["loopback", "world"]


@pytest.mark.parametrize("code", [4010, 4011])
async def test_another_number_of_shards_is_asked_for_where_it_is_discords_to_say(
    world: World, loopback: LoopbackDiscord, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.session, "FIRST_PAUSE_SECONDS", 0.01)
    session = Session(world, loopback)
    await loopback.gateway.wait_ready()
    loopback.gateway.close(code)
    await wait_until(lambda: loopback.gateway.identified == 2, 10, "another login")
    await session.end()
    asked = [request for request in loopback.requests if request.path.endswith("/gateway/bot")]
    assert len(asked) == 2


async def test_too_few_shards_are_told_where_they_are_configured(
    world: World, loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    session = Session(world, loopback, shards=Shards((0,), 1), directory=tmp_path)
    await loopback.gateway.wait_ready()
    loopback.gateway.close(4011)
    with pytest.raises(ConfigError, match="Raise the number after the /"):
        await session.task


async def test_a_session_that_goes_on_takes_no_turn_and_a_new_one_does(
    world: World, loopback: LoopbackDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.identify_turns, "IDENTIFY_SECONDS", 0.01)
    session = Session(world, loopback, shards=Shards((0,), 1), directory=tmp_path)
    gateway = loopback.gateway
    await gateway.wait_ready()
    (turns,) = (tmp_path / PROCESSES_NAME).glob("identify-*.lock")
    first = turns.read_bytes()
    gateway.reconnect()
    await wait_until(lambda: gateway.resumed == 1, 10, "the session's going on")
    assert turns.read_bytes() == first
    gateway.invalidate_session()
    await wait_until(lambda: gateway.identified == 2, 20, "a new session")
    assert turns.read_bytes() != first
    await session.end()


async def test_another_applications_bot_on_the_directory_ends_it_in_one_line(
    world: World, loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    ours, theirs = Shards((0,), 2), Shards((1,), 2)
    with running(tmp_path, theirs), running(tmp_path, ours):
        claim(tmp_path, theirs, 111)
        with pytest.raises(DirectoryInUseError, match="Another bot, of application 111, runs on"):
            await Session(world, loopback, shards=ours, directory=tmp_path).task
    assert loopback.gateway.identified == 0


async def test_what_is_noted_is_the_application_and_not_the_token(
    world: World, loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    shards = Shards((0,), 1)
    with running(tmp_path, shards):
        session = Session(world, loopback, shards=shards, directory=tmp_path)
        await loopback.gateway.wait_ready()
        (process,) = list_running(tmp_path)
        assert process.application_id == loopback.world.bot.id
        (noted,) = (tmp_path / PROCESSES_NAME).glob("*.run")
        assert loopback.token not in noted.read_text()
        await session.end()
