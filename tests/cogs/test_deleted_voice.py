"""A voice that is deleted or replaced while its texts wait."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock

import pytest
from simcord.builders import ChannelHandle

from bot.voice_watch import VoiceChange, VoiceChangeKind
from loopback import wait_until
from storage.errors import StorageError
from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content
from tests.cogs.world import make_clip

pytestmark = pytest.mark.usefixtures("texts_wait")

TOLD = "The voice was deleted, so nothing more is said in it."


async def test_a_deletion_drops_what_waits_in_that_voice_and_tells_its_asker(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    kept = await scene.ben.slash(scene.channel, "say", text="Mine stays.")
    dropped = [await say(scene), await say(scene)]
    question = await scene.ann.slash(scene.channel, "voice delete", voice="Ann")
    await scene.ann.click(question.response, label="Delete for good")
    await scene.env.settle()
    assert all(content(said).endswith(TOLD) for said in dropped)
    assert TOLD not in content(kept)
    player = scene.world.bot.services.voice.player(scene.guild.id)
    assert [entry.voice_name for entry in player.snapshot()] == ["Ben"]


async def test_a_deletion_is_told_though_the_database_fails_right_after_it(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    last = await say(scene)
    question = await scene.ann.slash(scene.channel, "voice delete", voice="Ann")
    with monkeypatch.context() as patch:
        patch.setattr(VoiceStore, "states", AsyncMock(side_effect=StorageError("locked")))
        pressed = await scene.ann.click(question.response, label="Delete for good")
    assert not pressed.followups
    assert question.response is not None
    assert question.response.content == "“Ann” is deleted."
    changes: asyncio.Queue[VoiceChange] = asyncio.Queue()
    scene.world.watch.subscribe(changes.put)
    async with scene.world.commits.running():  # which looks again
        await asyncio.wait_for(changes.get(), 10)
    await scene.env.settle()
    assert TOLD in content(last)


async def test_a_deletion_by_another_process_is_noticed(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    last = await say(scene)
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    changes: asyncio.Queue[VoiceChange] = asyncio.Queue()
    scene.world.watch.subscribe(changes.put)
    async with scene.world.commits.running():
        async with VoiceStore.open(scene.world.store.clip_path(voice).parents[1]) as other:
            await other.delete(voice.id)
        change = await asyncio.wait_for(changes.get(), 10)
    await scene.env.settle()
    assert change == VoiceChange(voice.id, voice.clip_sha256, VoiceChangeKind.DELETED)
    assert TOLD in content(last)


async def test_a_text_that_waits_is_said_with_the_new_recording(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    await say(scene, "This waits, and is fetched already.")
    voice = await scene.world.store.find(scene.guild.id, "Ann")
    new = make_clip(99)
    await scene.world.store.replace(voice.id, new, pitch_hz=None, quality=None)
    await scene.world.watch.look()
    requests = scene.world.engine.requests
    await wait_until(lambda: len(requests) == 3, 10, "the text to be spoken anew")
    clips = [request.voice.clip_sha256 for request in requests]
    assert clips == [voice.clip_sha256, voice.clip_sha256, new.sha256]


async def test_who_owns_few_of_many_voices_is_offered_them(scene: Scene) -> None:
    for number in range(30):
        await scene.world.add_voice(f"Voice {number:02}", scene.guild.id, scene.ben.id)
    await scene.world.add_voice("Voice of Zoe", scene.guild.id, scene.ann.id)
    for text in ("voice", "zo", ""):
        offered = await scene.ann.autocomplete(scene.channel, "voice delete", "voice", text)
        assert [choice["value"] for choice in offered] == ["Voice of Zoe"]


async def test_a_deletion_reaches_all_servers_and_tells_each_asker(
    scene: Scene, lounge: ChannelHandle
) -> None:
    shared = await scene.world.add_voice("Narrator", OPERATOR_GUILD_ID)
    elsewhere = scene.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    zoe = elsewhere.add_member(scene.env.create_user("zoe"))
    await ready(scene, lounge, scene.ann)
    await scene.world.add_voice("Zoe", elsewhere.id, zoe.id)
    await zoe.join_voice(elsewhere.create_voice_channel("Den"))
    kept = [await say(scene), await zoe.slash(channel, "say", text="This is spoken now.")]
    said = [
        await say(scene, voice="Narrator"),
        await zoe.slash(channel, "say", text="From elsewhere.", voice="Narrator"),
        await say(scene, voice="Narrator"),
    ]
    await scene.world.store.delete(shared.id)
    await scene.world.watch.look()
    await scene.env.settle()
    assert [content(answer).endswith(TOLD) for answer in said] == [True] * 3
    assert not any(TOLD in content(answer) for answer in kept)
    for guild, name in ((scene.guild, "Ann"), (elsewhere, "Zoe")):
        waiting = scene.world.bot.services.voice.player(guild.id).snapshot()
        assert [entry.voice_name for entry in waiting] == [name]
