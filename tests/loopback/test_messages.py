"""What a bot is told of the messages that people write, with and without their content."""

from __future__ import annotations

import asyncio

import discord
import pytest

from loopback import Guild, LoopbackDiscord, Overwrite, Permission, Person, Upload
from loopback.messages import Message
from tests.loopback.bare_bot import BareBot


@pytest.fixture
def received(bot: BareBot) -> asyncio.Queue[discord.Message]:
    queue: asyncio.Queue[discord.Message] = asyncio.Queue()

    @bot.listen()
    async def on_message(message: discord.Message) -> None:
        queue.put_nowait(message)

    return queue


async def arrived(received: asyncio.Queue[discord.Message]) -> discord.Message:
    return await asyncio.wait_for(received.get(), 5)


def of_bot(loopback: LoopbackDiscord, guild: Guild) -> Message:
    return loopback.world.post(loopback.world.bot, guild.text, {"content": "I am here"})


async def test_what_others_write_is_withheld(
    received: asyncio.Queue[discord.Message], ada: Person
) -> None:
    ada.send("private", Upload("a.png", b"png"), stickers=["Wave"], poll="Tea?")
    message = await arrived(received)
    assert (message.content, message.attachments, message.poll) == ("", [], None)
    assert [sticker.name for sticker in message.stickers] == ["Wave"]


async def test_a_mention_delivers_all_of_it(
    loopback: LoopbackDiscord, received: asyncio.Queue[discord.Message], ada: Person
) -> None:
    text = f"hello {loopback.world.bot.mention}"
    ada.send(text, Upload("a.png", b"png"), poll="Tea?")
    message = await arrived(received)
    assert message.content == text
    assert [attachment.filename for attachment in message.attachments] == ["a.png"]
    assert message.poll is not None
    assert message.poll.question == "Tea?"


@pytest.mark.parametrize(("pings", "content"), [(True, "yes"), (False, "")])
async def test_a_reply_delivers_its_text_where_it_pings(
    loopback: LoopbackDiscord,
    guild: Guild,
    received: asyncio.Queue[discord.Message],
    ada: Person,
    pings: bool,
    content: str,
) -> None:
    ada.send("yes", replied=of_bot(loopback, guild), pings_replied=pings)
    await arrived(received)  # the bot's own
    message = await arrived(received)
    assert message.content == content
    assert message.reference is not None
    assert isinstance(message.reference.resolved, discord.Message)
    assert message.reference.resolved.content == "I am here"


async def test_a_reply_withholds_what_it_answers(
    loopback: LoopbackDiscord, received: asyncio.Queue[discord.Message], ada: Person
) -> None:
    ada.send("yes", replied=ada.send("private"))
    await arrived(received)
    message = await arrived(received)
    assert message.reference is not None
    assert isinstance(message.reference.resolved, discord.Message)
    assert message.reference.resolved.content == ""


async def test_a_forward_withholds_what_it_passes_on(
    received: asyncio.Queue[discord.Message], ada: Person
) -> None:
    ada.send(forwarded=ada.send("private"))
    await arrived(received)
    message = await arrived(received)
    assert [snapshot.content for snapshot in message.message_snapshots] == [""]


async def test_silence_is_told(received: asyncio.Queue[discord.Message], ada: Person) -> None:
    ada.send("hush", silent=True)
    assert (await arrived(received)).flags.silent


async def test_hidden_channels_are_not_told_of(
    loopback: LoopbackDiscord, guild: Guild, received: asyncio.Queue[discord.Message], ada: Person
) -> None:
    hidden = Overwrite(loopback.world.bot.id, deny=Permission.VIEW_CHANNEL, for_member=True)
    loopback.world.overwrite(guild.text, hidden)
    ada.send(f"hello {loopback.world.bot.mention}")
    seen = ada.at(guild.voice).send("beside the call")
    assert (await arrived(received)).id == seen.id


async def test_deletions_are_told_of(loopback: LoopbackDiscord, bot: BareBot, ada: Person) -> None:
    gone: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @bot.listen()
    async def on_raw_message_delete(event: discord.RawMessageDeleteEvent) -> None:
        gone.set_result(event.message_id)

    message = ada.send("oops")
    ada.delete(message)
    assert await asyncio.wait_for(gone, 5) == message.id
