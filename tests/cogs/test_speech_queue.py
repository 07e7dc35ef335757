"""/skip, /stop and /queue."""

from __future__ import annotations

import asyncio

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.voice.player import Ticket
from bot.voice.utterances import QueueEntry, Rank
from cogs.cards import quoted
from cogs.speech_cards import queue_card, say_text
from tests.cogs.calls import permit, ready, say
from tests.cogs.conftest import Scene, content
from tests.cogs.silent_voice import SilentVoiceClient

pytestmark = pytest.mark.usefixtures("voice_client")


@pytest.mark.usefixtures("texts_wait")
async def test_the_speaker_can_skip_and_the_answer_tells(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    said = await say(scene)
    skipped = await scene.ann.slash(scene.channel, "skip")
    await scene.env.settle()
    assert content(skipped) == "Skipped."
    assert content(said).endswith("\nSkipped.")


@pytest.mark.usefixtures("texts_wait")
async def test_another_member_cannot_skip_or_stop_but_a_moderator_can(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    permissions = discord.Permissions(move_members=True)
    role = scene.guild.create_role("Moderators", permissions=permissions)
    moderator = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    await say(scene)
    await say(scene)
    assert "Only the member" in content(await scene.ben.slash(scene.channel, "skip"))
    assert "Texts of others" in content(await scene.ben.slash(scene.channel, "stop"))
    assert content(await moderator.slash(scene.channel, "skip")) == "Skipped."
    assert content(await moderator.slash(scene.channel, "stop")) == "Stopped; 1 text forgotten."


@pytest.mark.usefixtures("texts_wait")
async def test_a_permission_counts_in_the_voice_channel_not_where_the_command_is_typed(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    moderates = {"manage_messages": True, "move_members": True}
    await permit(scene, "everybody", scene.channel, **moderates)
    assert "Only the member" in content(await scene.ben.slash(scene.channel, "skip"))
    await permit(scene, "everybody", lounge, **moderates)
    assert content(await scene.ben.slash(scene.channel, "skip")) == "Skipped."


@pytest.mark.parametrize("command", ["skip", "stop"])
async def test_with_nothing_to_end_it_says_so(scene: Scene, command: str) -> None:
    assert content(await scene.ann.slash(scene.channel, command)) == "Nothing is being said."


async def shown_queue(scene: Scene) -> discord.Embed:
    result = await scene.mo.slash(scene.channel, "queue")
    assert result.response is not None
    return result.response.embeds[0]


@pytest.mark.usefixtures("texts_wait")
async def test_the_queue_shows_who_which_voice_and_first_words(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene, "First *words* first.")
    await scene.ben.slash(scene.channel, "say", text="Then mine.")
    first, second = ((await shown_queue(scene)).description or "").splitlines()
    assert first.startswith(f"▶ <@{scene.ann.id}> as “Ann”: First \\*words\\* first. (")
    assert second.startswith(f"2. <@{scene.ben.id}> as “Ben”: Then mine. (")


async def test_the_queue_shows_the_privacy_code_of_the_call(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    [field] = (await shown_queue(scene)).fields
    assert SilentVoiceClient.voice_privacy_code in (field.value or "")


async def test_an_empty_queue_says_so(scene: Scene) -> None:
    assert "Nothing is waiting" in ((await shown_queue(scene)).description or "")


def test_a_long_queue_is_cut_with_a_count_of_the_rest() -> None:
    name, words, webhook = "*" * 32, "_" * 60, "_" * 80
    entry = QueueEntry(2**63 - 1, name, words, 12.3, False, Rank.CHATTER, webhook)
    description = queue_card((entry,) * 200).description or ""
    assert len(description) <= 4096
    assert description.endswith("… and 190 more")


def test_what_is_read_aloud_is_marked_and_the_mark_explained() -> None:
    said = QueueEntry(1, "Ann", "Hello.", 1.0, speaking=True)
    read = QueueEntry(2, "Ben", "Hi.", 1.0, speaking=False, rank=Rank.CHATTER)
    card = queue_card((said, read))
    assert (card.description or "").splitlines() == [
        "▶ <@1> as “Ann”: Hello. (1 s)",
        "2. 💬 <@2> as “Ben”: Hi. (1 s)",
    ]
    assert card.footer.text == "About 2 s in all\n💬 read aloud; texts of commands go first"
    assert queue_card((said,)).footer.text == "About 1 s in all"


async def test_the_answer_says_that_a_recording_is_waited_for() -> None:
    held = Ticket(2, 9.0, asyncio.get_running_loop().create_future(), held=True)
    told = f"**Ann** speaks as {quoted('Joe')} when the recording here has ended."
    assert say_text("Ann", "Joe", held) == told
