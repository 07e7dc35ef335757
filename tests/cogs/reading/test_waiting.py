"""What waits to be read: until it is deleted, muted, or too much."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest
from simcord.builders import ChannelHandle

from bot.voice.utterances import Rank
from bot.voice_watch import VoiceChange, VoiceChangeKind
from loopback import wait_until
from tests.cogs.calls import say
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write

pytestmark = pytest.mark.usefixtures("texts_wait")


def waiting(scene: Scene) -> list[str]:
    """What waits behind the text that is being said."""
    player = scene.world.bot.services.voice.player(scene.guild.id)
    return [entry.first_words for entry in player.snapshot()[1:]]


@pytest.fixture
async def chatting(reading: Scene) -> Scene:
    """Something is being said, so that what is written now waits."""
    await say(reading, "Said first.")
    return reading


async def test_what_was_asked_for_goes_before_what_is_read(chatting: Scene) -> None:
    await write(chatting, chatting.ben, "Chatter.")
    await say(chatting, "Said second.")
    assert waiting(chatting) == ["Said second.", "Chatter."]


async def test_a_deleted_message_is_dropped(chatting: Scene) -> None:
    kept = await chatting.ben.send(chatting.channel, "Kept.")
    gone = await chatting.ben.send(chatting.channel, "Deleted.")
    await chatting.ben.delete(gone)
    await chatting.env.settle()
    assert waiting(chatting) == ["Kept."]
    await chatting.ben.delete(kept)
    await chatting.env.settle()
    assert waiting(chatting) == []


async def test_messages_that_are_purged_are_dropped(chatting: Scene) -> None:
    messages = [await chatting.ben.send(chatting.channel, f"Number {n}.") for n in range(3)]
    channel = chatting.world.bot.get_channel(chatting.channel.id)
    await channel.delete_messages(messages[:2])  # type: ignore[union-attr]
    await chatting.env.settle()
    assert waiting(chatting) == ["Number 2."]


async def test_who_mutes_themselves_is_dropped(chatting: Scene) -> None:
    await write(chatting, chatting.ann, "Of Ann.")
    await write(chatting, chatting.ben, "Of Ben.")
    settings = chatting.world.settings
    await settings.change_member(chatting.guild.id, chatting.ben.id, "be_read", False)
    await wait_until(lambda: waiting(chatting) == ["Of Ann."], 5, "Ben's to be dropped")


@pytest.mark.parametrize("key", ["muted_members", "blocked_members"])
async def test_whom_an_admin_mutes_is_dropped(chatting: Scene, key: str) -> None:
    await write(chatting, chatting.ann, "Of Ann.")
    await write(chatting, chatting.ben, "Of Ben.")
    settings, ben = chatting.world.settings, chatting.ben.id
    await settings.change_guild(chatting.guild.id, key, [ben], changed_by=chatting.mo.id)
    await wait_until(lambda: waiting(chatting) == ["Of Ann."], 5, "Ben's to be dropped")


async def test_the_oldest_of_too_much_is_left_out_and_that_is_said(chatting: Scene) -> None:
    settings = chatting.world.settings
    await settings.change_guild(chatting.guild.id, "backlog_seconds", 5, changed_by=None)
    await settings.change_guild(chatting.guild.id, "reads_per_minute", 240, changed_by=None)
    await chatting.world.add_voice("Narrator", 0)
    chatting.world.engine.seconds = 1.5
    for number in range(30):
        text = f"This is number {number} of many messages of some length."
        await chatting.ben.send(chatting.channel, text)
    await chatting.env.settle()
    made, told, *rest = waiting(chatting)
    assert "number 0" in made  # what is being made is heard, however much comes
    assert told.endswith("messages left out.")
    assert 0 < len(rest) < 10
    assert "number 29" in rest[-1]
    player = chatting.world.bot.services.voice.player(chatting.guild.id)
    assert player.snapshot()[0].rank is Rank.SAY


async def test_a_member_is_read_so_many_times_a_minute(reading: Scene) -> None:
    settings = reading.world.settings
    await settings.change_guild(reading.guild.id, "reads_per_minute", 2, changed_by=None)
    for text in ("One.", "Two.", "Three."):
        await write(reading, reading.ann, text)
    await write(reading, reading.ben, "Of Ben.")
    assert reading.world.bot.services.sessions.of(reading.guild.id).skipped == {  # type: ignore[union-attr]
        "its author writes too much": 1
    }
    assert "Three." not in spoken(reading)


async def test_what_waits_in_a_voice_that_is_deleted_is_dropped_at_once(chatting: Scene) -> None:
    await write(chatting, chatting.ann, "Of Ann.")
    await write(chatting, chatting.ben, "Of Ben.")
    changes: list[VoiceChange] = []
    chatting.world.watch.subscribe(AsyncMock(side_effect=changes.append))
    question = await chatting.ben.slash(chatting.channel, "voice delete", voice="Ben")
    await chatting.ben.click(question.response, label="Delete for good")
    assert waiting(chatting) == ["Of Ann."]
    assert [change.kind for change in changes] == [
        VoiceChangeKind.DELETED
    ]  # so do cache and engine hear of it


async def test_what_was_deleted_can_be_written_again(chatting: Scene) -> None:
    await chatting.ben.delete(await chatting.ben.send(chatting.channel, "In the wrong place."))
    await write(chatting, chatting.ben, "In the wrong place.")
    assert waiting(chatting) == ["In the wrong place."]


async def test_what_waits_of_a_channel_that_is_deleted_is_dropped(
    chatting: Scene, lounge: ChannelHandle
) -> None:
    await write(chatting, chatting.ben, "Of the channel.")
    await chatting.ben.send(lounge, "Of the call.")
    await chatting.env.settle()
    channel = chatting.world.bot.get_channel(chatting.channel.id)
    await channel.delete()  # type: ignore[union-attr]
    await chatting.env.settle()
    assert waiting(chatting) == ["Of the call."]


async def test_what_waits_is_dropped_where_the_bot_may_not_speak_any_more(chatting: Scene) -> None:
    await write(chatting, chatting.ben, "Of Ben.")
    other = chatting.guild.create_voice_channel("Other")
    settings = chatting.world.settings
    await settings.change_guild(
        chatting.guild.id, "voice_channels", [other.id], changed_by=chatting.mo.id
    )
    await wait_until(lambda: waiting(chatting) == [], 5, "it to be dropped")
