"""/say file:True, and how fast and how loud a text is spoken."""

from __future__ import annotations

import asyncio
import io
from dataclasses import asdict
from typing import Any

import av
import discord
import pytest
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.speech.delivery import Delivery
from bot.speech.types import VoiceSettings
from cogs.cards import SYNTHETIC
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content

pytestmark = pytest.mark.usefixtures("voice_client")


@pytest.fixture
async def voice(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)


async def tune(scene: Scene, **delivery: float | None) -> None:
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    given = {**asdict(VoiceSettings()), "speed": None, "volume_db": None, **delivery}
    await scene.world.store.tune(voice.id, **given, language=None)


async def seconds(result: InteractionResult) -> float:
    """How long the file of an answer plays."""
    assert result.response is not None
    (attachment,) = result.response.attachments
    assert attachment.filename == "speech.ogg"
    with av.open(io.BytesIO(await attachment.read())) as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


def spoken_delivery(scene: Scene) -> Delivery:
    (request,) = scene.world.engine.requests
    return request.delivery


@pytest.mark.usefixtures("voice")
async def test_the_answer_carries_the_speech_without_a_voice_channel(scene: Scene) -> None:
    result = await say(scene, file=True)
    assert result.ephemeral
    assert content(result) == f"Spoken by “Ann”:\n-# {SYNTHETIC}"
    assert await seconds(result) == pytest.approx(0.1, abs=0.03)
    assert scene.guild.voice_states().get(scene.env.backend.bot_user.id) is None
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    assert voice.use_count == 1


async def test_a_file_is_not_spoken_in_the_voice_channel(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene, file=True)
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()


async def test_without_a_voice_there_is_no_file(scene: Scene) -> None:
    assert content(await say(scene, file=True)).startswith("You have no voice here yet.")


@pytest.mark.usefixtures("voice")
async def test_who_may_not_speak_gets_no_file(scene: Scene) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, "blocked_members", [scene.ann.id], changed_by=None
    )
    result = await say(scene, file=True)
    assert not getattr(result.response, "attachments", None)
    assert scene.world.engine.requests == []


@pytest.mark.usefixtures("voice")
async def test_files_count_as_texts_of_the_minute(scene: Scene) -> None:
    await scene.world.settings.change_guild(scene.guild.id, "says_per_minute", 1, changed_by=None)
    await say(scene, file=True)
    assert "1 text spoken in a minute" in content(await say(scene, file=True))


@pytest.mark.usefixtures("voice")
async def test_a_file_waits_for_no_engine_that_loads(scene: Scene) -> None:
    scene.world.engine.ready = False
    assert "still loading" in content(await say(scene, file=True))


@pytest.mark.usefixtures("voice")
async def test_a_file_that_discord_does_not_take_is_a_clear_answer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = property(lambda interaction: 100, lambda interaction, value: None)
    monkeypatch.setattr(discord.Interaction, "filesize_limit", limited)
    answer = content(await say(scene, file=True))
    assert answer.startswith("The file has 0.0 MB, and here Discord takes 0 MB.")


@pytest.mark.usefixtures("voice")
async def test_a_file_that_takes_longer_than_discord_waits_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.world.engine.gate = asyncio.Event()
    monkeypatch.setattr("cogs.spoken_file.MOST_SECONDS", 0.0)
    answer = content(await say(scene, file=True))
    assert answer.startswith("This took longer than Discord waits for an answer.")
    scene.world.engine.gate.set()


async def test_the_texts_own_speed_counts_and_volumes_add_up(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await tune(scene, speed=0.75, volume_db=-3.0)
    settings: Any = scene.world.settings
    await settings.change_guild(scene.guild.id, "loudness_lufs", -23.0, changed_by=None)
    await settings.change_guild(scene.guild.id, "volume_db", -1.0, changed_by=None)
    await settings.change_member(scene.guild.id, scene.ann.id, "speed", 1.25)
    await say(scene, speed=1.5, volume=2.0)
    assert spoken_delivery(scene) == Delivery(1.5, -2.0, -23.0)


@pytest.mark.parametrize("file", [False, True])
async def test_a_members_own_speed_comes_before_the_voices(
    scene: Scene, lounge: ChannelHandle, file: bool
) -> None:
    await ready(scene, lounge, scene.ann)
    await tune(scene, speed=0.75)
    await scene.world.settings.change_member(scene.guild.id, scene.ann.id, "speed", 1.25)
    await say(scene, file=file)
    assert spoken_delivery(scene) == Delivery(1.25)


async def test_a_preview_is_as_fast_as_the_voice(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await tune(scene, speed=0.75)
    await scene.ann.slash(scene.channel, "voice preview", voice="Ann")
    assert {request.delivery.speed for request in scene.world.engine.requests} == {0.75}
