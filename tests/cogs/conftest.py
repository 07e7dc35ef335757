"""The bot in simcord's Discord, with one guild and two members."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
import simcord.interactions
import structlog
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.results import InteractionResult
from structlog.typing import EventDict

from bot.voice.player import GuildPlayer
from storage.voices import VoiceStore
from tests.cogs.ear import Ear
from tests.cogs.silent_voice import SilentVoiceClient
from tests.cogs.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with VoiceStore.open(tmp_path) as store:
        world = World(store)
        yield world
        await world.bot.services.voice.close()


@pytest.fixture
def log_lines() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@dataclass
class Scene:
    """Ann owns nothing special; Mo manages the server."""

    env: simcord.Env
    world: World
    guild: GuildHandle
    channel: ChannelHandle
    ann: MemberActor
    ben: MemberActor
    mo: MemberActor


@pytest.fixture
async def env(
    world: World, log_lines: list[EventDict], caplog: pytest.LogCaptureFixture
) -> AsyncIterator[simcord.Env]:
    # Errors that the seam answers are no faults of the bot, but simcord would count them.
    env = simcord.Env(world.bot, check_errors=False)
    await env.start()
    yield env
    await env.shutdown()
    # Whatever was not answered in words is in the log; a test that expects it takes it out.
    assert [line for line in log_lines if line["log_level"] in ("error", "critical")] == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.fixture
def scene(env: simcord.Env, world: World) -> Scene:
    guild = env.create_guild()
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return Scene(
        env,
        world,
        guild,
        guild.create_text_channel("general"),
        guild.add_member(env.create_user("ann")),
        guild.add_member(env.create_user("ben")),
        guild.add_member(env.create_user("mo"), roles=[managers]),
    )


@pytest.fixture
def lounge(scene: Scene) -> ChannelHandle:
    return scene.guild.create_voice_channel("Lounge")


@pytest.fixture
def voice_client(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> type[SilentVoiceClient]:
    class Client(SilentVoiceClient):
        env = scene.env

    monkeypatch.setattr("bot.voice.link.MynahVoiceClient", Client)
    return Client


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Hears what the test makes heard."""
    # simcord waits for nothing that comes again within 5 s.
    monkeypatch.setattr("cogs.live_card.BAR_SECONDS", 10.0)
    ear = Ear()
    monkeypatch.setattr(
        GuildPlayer, "record", lambda player, member_id, limits=None: ear.record(member_id, limits)
    )
    return ear


@pytest.fixture
def texts_wait(voice_client: type[SilentVoiceClient]) -> None:
    """Nothing can be sent, so the first text stays the first."""
    voice_client.audible = False


@pytest.fixture
def speaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[MemberActor, str], None]:
    """Set the language of a member's Discord, such as "de"; simcord's is always "en-US"."""
    locales: dict[int, str] = {}
    made = simcord.interactions.base_payload

    def base_payload(*args: Any, **kwargs: Any) -> Any:
        record, payload = made(*args, **kwargs)
        user = payload.get("user") or payload["member"]["user"]
        payload["locale"] = locales.get(int(user["id"]), "en-US")
        return record, payload

    def speaks(member: MemberActor, locale: str) -> None:
        locales[member.id] = locale

    monkeypatch.setattr(simcord.interactions, "base_payload", base_payload)
    return speaks


def as_read(text: str) -> str:
    """Return an answer as a client shows it: a mention of a command by its name."""
    return re.sub(r"</([^:]+):\d+>", r"/\1", text)


def content(result: InteractionResult) -> str:
    """What the member reads of an answer: the first one, and what came after it."""
    messages = [result.response, *result.followups]
    return "\n".join(message.content for message in messages if message is not None)
