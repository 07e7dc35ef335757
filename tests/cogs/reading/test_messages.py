"""From a message of Discord's to what is spoken of it; who is read, and in whose voice."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle
from simcord.enums import MessageType

from cogs.reading.messages import chat_message
from tests.cogs.calls import say
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write


async def test_members_are_read_in_order_each_in_their_own_voice(reading: Scene) -> None:
    for member, text in ((reading.ann, "One."), (reading.ben, "Two."), (reading.ann, "Three.")):
        await write(reading, member, text)
    assert spoken(reading) == ["One.", "Two.", "Three."]
    clips = [request.voice.clip_sha256 for request in reading.world.engine.requests]
    assert clips[0] == clips[2] != clips[1]


async def test_who_writes_is_named_again_after_a_text_of_another(reading: Scene) -> None:
    settings = reading.world.settings
    await settings.change_guild(reading.guild.id, "announce_names", "always", changed_by=None)
    await write(reading, reading.ben, "One.")
    await say(reading, "Of Ann.")
    await write(reading, reading.ben, "Two.")
    assert spoken(reading) == ["ben says: One.", "Of Ann.", "ben says: Two."]


async def test_mentions_are_said_by_the_names_that_the_server_shows(
    reading: Scene, lounge: ChannelHandle
) -> None:
    nick = reading.guild.add_member(reading.env.create_user("carla"), nick="Carlita")
    await nick.join_voice(lounge)
    role = reading.guild.create_role("Heroes")
    text = f"{nick.mention}, ask {role.mention} in {reading.channel.mention}."
    await write(reading, reading.ann, text)
    assert spoken(reading) == ["Carlita, ask Heroes in general."]


async def test_attachments_are_told_by_their_kind(reading: Scene) -> None:
    files = [("a.png", b"x"), ("b.mp4", b"x"), ("c.mp3", b"x"), ("d.pdf", b"x")]
    await write(reading, reading.ann, "", attachments=files)
    (said,) = spoken(reading)
    assert said.rstrip(".") == "a picture, a video, an audio file, and a file"


async def test_an_answer_names_whom_it_answers(reading: Scene, lounge: ChannelHandle) -> None:
    carla = reading.guild.add_member(reading.env.create_user("carla"), nick="Carlita")
    await carla.join_voice(lounge)
    question = await carla.send(reading.channel, "Anyone?")
    await write(reading, reading.ann, "Me.", reply_to=question)
    assert "Carlita" in spoken(reading)[0]


async def test_an_answer_to_oneself_names_nobody(reading: Scene) -> None:
    first = await reading.ann.send(reading.channel, "One.")
    await write(reading, reading.ann, "And two.", reply_to=first)
    assert spoken(reading) == ["One.", "And two."]


async def test_a_forwarded_message_is_read_as_one(reading: Scene) -> None:
    hall = reading.guild.create_text_channel("hall")
    message = await reading.ann.send(hall, "The forwarded words.")
    await reading.ann.forward(message, reading.channel)
    await reading.env.settle()
    assert any("forwarded words" in text for text in spoken(reading))


async def test_a_webhook_is_read_only_where_the_server_wants_it(reading: Scene) -> None:
    hook = reading.guild.create_webhook(reading.channel)
    await hook.send("From a webhook.", username="Reporter")
    await reading.env.settle()
    assert spoken(reading) == []
    await reading.world.add_voice("Narrator", 0)
    settings = reading.world.settings
    await settings.change_guild(reading.guild.id, "read_webhooks", True, changed_by=None)
    await hook.send("From a webhook.", username="Reporter")
    await reading.env.settle()
    assert spoken(reading) == ["Reporter says: From a webhook."]


@pytest.mark.parametrize("kind", [MessageType.PREMIUM_GUILD_SUBSCRIPTION, MessageType.NEW_MEMBER])
async def test_what_discord_itself_writes_is_not_read(reading: Scene, kind: MessageType) -> None:
    reading.guild.create_system_message(reading.channel, kind, author=reading.ann)
    await reading.env.settle()
    assert spoken(reading) == []


async def test_who_is_not_in_the_call_is_not_read(reading: Scene) -> None:
    await reading.world.add_voice("Mo", reading.guild.id, reading.mo.id)
    await write(reading, reading.mo, "From outside.")
    assert spoken(reading) == []
    settings = reading.world.settings
    await settings.change_guild(reading.guild.id, "only_in_call", False, changed_by=None)
    await write(reading, reading.mo, "From outside.")
    assert "From outside." in spoken(reading)


async def test_what_was_edited_is_not_read_again(reading: Scene) -> None:
    message = await reading.ann.send(reading.channel, "One.")
    await reading.ann.edit(message, "One and a half.")
    await reading.env.settle()
    assert spoken(reading) == ["One."]


async def test_a_mention_of_the_bot_before_the_text_is_not_said(reading: Scene) -> None:
    me = reading.world.bot.user
    assert me is not None
    await write(reading, reading.ann, f"<@{me.id}>, hello.")
    await write(reading, reading.ann, f"Hello <@{me.id}>.")
    assert spoken(reading) == ["hello.", f"Hello {me.name}."]


async def test_threads_of_a_read_channel_are_not_read(reading: Scene) -> None:
    channel = reading.world.bot.get_channel(reading.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="side", type=discord.ChannelType.public_thread)
    (thread,) = reading.channel.threads
    await reading.ann.send(thread, "Beside.")
    await reading.env.settle()
    assert spoken(reading) == []
    await reading.ann.slash(thread, "read start")
    await reading.ann.send(thread, "Beside.")
    await reading.env.settle()
    assert spoken(reading) == ["Beside."]


async def test_a_message_keeps_what_the_rules_ask(reading: Scene, lounge: ChannelHandle) -> None:
    sent = await reading.ann.send(lounge, "Hi.")
    here = reading.world.bot.get_channel(lounge.id)
    assert isinstance(here, discord.VoiceChannel)
    message = await here.fetch_message(sent.id)
    chat = chat_message(message, here)
    assert (chat.id, chat.guild_id, chat.channel_id) == (sent.id, reading.guild.id, lounge.id)
    assert (chat.author.id, chat.author.name, chat.author.in_call) == (reading.ann.id, "ann", True)
    assert (chat.silent, chat.edited, chat.author.bot, chat.author.webhook) == (False,) * 4
    assert chat.names.typed_at == message.created_at


async def test_uses_of_a_voice_are_counted_by_the_end_at_the_latest(
    reading: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def uses() -> int:
        return (await reading.world.store.find(reading.guild.id, "Ann")).use_count

    await write(reading, reading.ann, "One.")
    assert await uses() == 0  # not yet: each time writes to the disk
    monkeypatch.setattr("bot.chat_reader.USES_SECONDS", 0.0)
    await write(reading, reading.ann, "Two.")
    assert await uses() == 2
    monkeypatch.undo()
    await write(reading, reading.ann, "Three.")
    await reading.world.bot.close()
    assert await uses() == 3
