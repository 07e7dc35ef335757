"""What members cannot type: silent messages, stickers, polls, embeds, voice messages, bots."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from simcord.backend.models.message import MessageSticker, Poll, PollAnswer
from simcord.builders import ChannelHandle

from bot.reading.message import ChatMessage
from cogs.reading.messages import chat_message, is_chat
from tests.cogs.conftest import Scene

SILENT, VOICE_MESSAGE = 1 << 12, 1 << 13


async def message_of(scene: Scene, author_id: int, text: str, **parts: Any) -> discord.Message:
    """Send a message as Discord stores one, and return it as the bot receives it."""
    bot = scene.world.bot
    received = asyncio.ensure_future(bot.wait_for("message", timeout=5))
    await asyncio.sleep(0)
    scene.env.backend.create_message(scene.channel.id, author_id, text, **parts)
    message: discord.Message = await received
    return message


async def chat_of(scene: Scene, text: str = "", **parts: Any) -> ChatMessage:
    return chat_message(await message_of(scene, scene.ann.id, text, **parts), None)


async def test_a_silent_message_is_known_as_one(scene: Scene) -> None:
    assert (await chat_of(scene, "Psst.", flags=SILENT)).silent
    assert not (await chat_of(scene, "Hey.")).silent


async def test_stickers_are_told_by_their_names(scene: Scene) -> None:
    sticker = MessageSticker(scene.channel.id + 1, "Wave", 1, scene.guild.id)
    assert (await chat_of(scene, stickers=[sticker])).stickers == ("Wave",)


async def test_a_poll_is_told_by_its_question(scene: Scene) -> None:
    answers = [PollAnswer(1, "Yes", None), PollAnswer(2, "No", None)]
    expiry = "2026-12-01T00:00:00+00:00"
    poll = Poll(question="Pizza?", answers=answers, expiry=expiry)
    assert (await chat_of(scene, poll=poll)).poll == "Pizza?"


async def test_embeds_are_told_by_their_titles(scene: Scene) -> None:
    embeds = [{"type": "rich", "title": "News"}, {"type": "rich", "description": "No title"}]
    assert (await chat_of(scene, embeds=embeds)).embeds == ("News",)


async def test_a_voice_message_is_known_as_one(scene: Scene) -> None:
    backend = scene.env.backend
    (attachment,) = backend.store_attachments(scene.channel.id, [("voice-message.ogg", b"x")])
    spoken = attachment | {"duration_secs": 2.0, "waveform": "AA=="}
    chat = await chat_of(scene, attachments=[spoken], flags=VOICE_MESSAGE)
    assert chat.attachments == ("voice message",)


async def test_another_bot_is_known_as_one(scene: Scene) -> None:
    other = scene.guild.add_member(scene.env.create_user("music", bot=True))
    author = chat_message(await message_of(scene, other.id, "Playing."), None).author
    assert (author.bot, author.webhook) == (True, False)


async def test_what_the_bot_itself_writes_is_no_chat(scene: Scene) -> None:
    me = scene.env.backend.bot_user.id
    assert not is_chat(await message_of(scene, me, "I am back."))


async def test_a_message_in_a_call_tells_who_is_there(scene: Scene, lounge: ChannelHandle) -> None:
    call = scene.world.bot.get_channel(lounge.id)
    assert isinstance(call, discord.VoiceChannel)
    outside = chat_message(await message_of(scene, scene.ann.id, "Hi."), call)
    await scene.ann.join_voice(lounge)
    inside = chat_message(await message_of(scene, scene.ann.id, "Hi."), call)
    assert (outside.author.in_call, inside.author.in_call) == (False, True)
