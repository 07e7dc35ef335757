"""Buttons that are pressed when what they stand for is no longer as it was."""

from __future__ import annotations

import discord
import pytest
from simcord.results import InteractionResult

from bot.command_tree import STALE
from storage.types import VoiceProfile
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.world import make_clip

DELETE = "Delete for good"


@pytest.fixture
async def voice(scene: Scene) -> VoiceProfile:
    return await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)


@pytest.fixture
async def question(scene: Scene, voice: VoiceProfile) -> InteractionResult:
    return await scene.ann.slash(scene.channel, "voice delete", voice=voice.name)


async def names(scene: Scene) -> list[str]:
    return [voice.name for voice in await scene.world.store.list_voices(scene.guild.id)]


def forget_views(scene: Scene) -> None:
    """Leave the bot as it is after a restart: it listens to no button of before."""
    store = scene.world.bot._connection._view_store
    store._views.clear()
    store._synced_message_views.clear()


async def test_another_voice_of_the_same_name_is_not_deleted(
    scene: Scene, voice: VoiceProfile, question: InteractionResult
) -> None:
    await scene.world.store.delete(voice.id)
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    pressed = await scene.ann.click(question.response, label=DELETE)
    assert "does not exist any more" in content(pressed)
    assert await names(scene) == ["Ann"]


async def test_a_voice_that_was_renamed_is_not_deleted_under_its_former_name(
    scene: Scene, voice: VoiceProfile, question: InteractionResult
) -> None:
    await scene.world.store.rename(voice.id, "Annie")
    pressed = await scene.ann.click(question.response, label=DELETE)
    assert as_read(content(pressed)).endswith(
        "\n"
        "“Ann” is called “Annie” now, so nothing was deleted. If it shall go all the same, use "
        "/voice delete again."
    )
    assert await names(scene) == ["Annie"]
    assert question.response is not None
    assert question.response.components == []


async def test_a_recording_that_came_after_the_question_is_not_deleted(
    scene: Scene, voice: VoiceProfile, question: InteractionResult
) -> None:
    new = make_clip(99)
    await scene.world.store.replace(voice.id, new, pitch_hz=None, quality=None)
    pressed = await scene.ann.click(question.response, label=DELETE)
    assert "“Ann” has another recording now, so nothing was deleted." in content(pressed)
    assert (await scene.world.store.get(voice.id)).clip_sha256 == new.sha256


async def test_who_lost_the_permission_meanwhile_deletes_nothing(
    scene: Scene, voice: VoiceProfile
) -> None:
    question = await scene.mo.slash(scene.channel, "voice delete", voice="Ann")
    guild = scene.world.bot.get_guild(scene.guild.id)
    assert guild is not None
    (managers,) = [role for role in guild.roles if role.name == "Managers"]
    await managers.edit(permissions=discord.Permissions.none())
    await scene.env.settle()
    pressed = await scene.mo.click(question.response, label=DELETE)
    assert "is not yours" in content(pressed)
    assert await names(scene) == ["Ann"]


async def test_after_a_restart_a_press_says_what_to_do(
    scene: Scene, question: InteractionResult
) -> None:
    forget_views(scene)
    pressed = await scene.ann.click(question.response, label=DELETE)
    assert [told.content for told in pressed.followups] == [STALE]
    assert await names(scene) == ["Ann"]


async def test_after_a_restart_a_page_cannot_be_turned_and_says_what_to_do(scene: Scene) -> None:
    for number in range(11):
        await scene.world.add_voice(f"Voice {number}", scene.guild.id, scene.ann.id)
    listed = await scene.ann.slash(scene.channel, "voice list")
    forget_views(scene)
    pressed = await scene.ann.click(listed.response, label="Next")
    assert [told.content for told in pressed.followups] == [STALE]


@pytest.mark.parametrize("voices", [0, 1, 10])
async def test_a_list_of_one_page_has_no_buttons(scene: Scene, voices: int) -> None:
    for number in range(voices):
        await scene.world.add_voice(f"Voice {number}", scene.guild.id, scene.ann.id)
    listed = await scene.ann.slash(scene.channel, "voice list")
    assert listed.response is not None
    assert listed.response.components == []
