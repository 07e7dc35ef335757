"""The moderation channel."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import discord
import pytest
from simcord.builders import ChannelHandle
from structlog.typing import EventDict

from bot.i18n import locale
from bot.moderation import Deleted, Enrolled, SettingSet, TextSpoken, line
from cogs.moderation import MAX_WAITING, tell
from tests.cogs.calls import permit, ready, say
from tests.cogs.conftest import Scene
from tests.cogs.test_enrolment import SAVE, enrol


@pytest.fixture
async def mods(scene: Scene) -> ChannelHandle:
    channel = scene.guild.create_text_channel("mods")
    await change(scene, "moderation_channel", channel.id)
    return channel


async def change(scene: Scene, key: str, value: Any, changed_by: int | None = None) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, key, value, changed_by=changed_by or scene.mo.id
    )
    await scene.env.settle()


def told(channel: ChannelHandle) -> list[str]:
    """The lines of the channel, but for the one that it was chosen."""
    lines = "\n".join(message.content for message in channel.history()).splitlines()
    return [text for text in lines if "Moderation channel" not in text]


async def test_the_channel_is_told_first_that_it_was_chosen(
    scene: Scene, mods: ChannelHandle
) -> None:
    [message] = mods.history()
    assert (
        message.content
        == f"⚙️ <@{scene.mo.id}> set “Moderation channel” to: <#{mods.id}> (before: no channel)"
    )


async def test_an_enrolment_a_replacement_and_a_deletion_have_a_line_each(
    scene: Scene, mods: ChannelHandle
) -> None:
    shown = await enrol(scene, "**Ann**")
    await scene.ann.click(shown.response, label=SAVE)
    again = await scene.ann.slash(
        scene.channel, "voice replace", voice="**Ann**", sample=("a.m4a", b"a")
    )
    await scene.ann.click(again.response, label=SAVE)
    question = await scene.mo.slash(scene.channel, "voice delete", voice="**Ann**")
    await scene.mo.click(question.response, label="Delete for good")
    await scene.env.settle()
    ann, name = f"<@{scene.ann.id}>", r"“\*\*Ann\*\*”"
    assert told(mods) == [
        f"🎙️ {ann} enrolled the voice {name}.",
        f"🎙️ {ann} gave the voice {name} another recording.",
        f"🗑️ <@{scene.mo.id}> deleted the voice {name} of {ann}.",
    ]


async def test_nobody_is_pinged(
    scene: Scene, mods: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[object] = []
    send = discord.abc.Messageable.send

    async def spy(channel: Any, *arguments: Any, **options: Any) -> Any:
        allowed.append(options["allowed_mentions"].to_dict())
        return await send(channel, *arguments, **options)

    monkeypatch.setattr(discord.abc.Messageable, "send", spy)
    await change(scene, "say_roles", (scene.guild.create_role("Vip").id,))
    assert allowed == [{"parse": []}]
    assert "<@&" in told(mods)[0]


async def test_a_change_by_the_operator_is_told_too(scene: Scene, mods: ChannelHandle) -> None:
    await scene.world.settings.change_guild(scene.guild.id, "speed", 1.5, changed_by=None)
    await scene.env.settle()
    assert told(mods) == ["⚙️ My operator set “Speed” to: 1.5× (before: 1×)"]


async def test_the_default_voice_is_told_by_its_name(scene: Scene, mods: ChannelHandle) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    await scene.mo.slash(scene.channel, "voice default", voice="Ann", server=True)
    await scene.mo.slash(scene.channel, "voice default", server=True)
    await scene.env.settle()
    mo = f"<@{scene.mo.id}>"
    assert told(mods) == [
        f"⚙️ {mo} set “Default voice” to: “Ann”",
        f"⚙️ {mo} set “Default voice” to: no voice",
    ]


@pytest.mark.usefixtures("voice_client")
async def test_utterances_are_told_only_if_that_is_wished(
    scene: Scene, mods: ChannelHandle, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert told(mods) == []
    await change(scene, "log_utterances", True)
    await say(scene, "One *two*\nthree " + "x" * 200)
    await scene.env.settle()
    last = told(mods)[-1]
    assert last.startswith(f"💬 <@{scene.ann.id}> spoke in <#{lounge.id}> as “Ann”: One")
    assert r"\*two\* three" in last
    assert last.endswith("…")


async def test_it_speaks_the_servers_language(
    scene: Scene, mods: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    languages: list[str] = []
    running = sys.modules["cogs.moderation"]  # as the bot loaded it

    def spy(*_arguments: object) -> str:
        languages.append(locale.get())
        return "a line"

    monkeypatch.setattr(running, "line", spy)
    await change(scene, "locale", "de")
    assert languages == ["de"]


async def test_a_channel_that_is_closed_is_logged_once_and_keeps_nothing_from_working(
    scene: Scene, mods: ChannelHandle, log_lines: list[EventDict]
) -> None:
    await permit(scene, "bot", mods, send_messages=False)
    for speed in (1.5, 2):
        await change(scene, "speed", speed)
    problems = [each["problem"] for each in log_lines if each.get("stage") == "moderation"]
    assert problems == [
        f"I need the permission Send Messages in the moderation channel <#{mods.id}>."
    ]
    await permit(scene, "bot", mods, send_messages=True)
    await change(scene, "speed", 1)
    assert told(mods) == [f"⚙️ <@{scene.mo.id}> set “Speed” to: 1× (before: 2×)"]


async def test_a_channel_that_is_gone_is_logged(scene: Scene, log_lines: list[EventDict]) -> None:
    await change(scene, "moderation_channel", 12345)
    problems = [each["problem"] for each in log_lines if each.get("stage") == "moderation"]
    assert problems == [
        "The moderation channel does not exist any more, or I cannot see it. Choose another, or "
        "give me the permission View Channel there."
    ]


async def test_many_lines_are_few_messages_and_what_is_too_much_is_counted(
    scene: Scene, mods: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_again, sent = asyncio.Event(), asyncio.Event()
    send = discord.abc.Messageable.send

    async def slow(channel: Any, *arguments: Any, **options: Any) -> Any:
        sent.set()
        await open_again.wait()
        return await send(channel, *arguments, **options)

    monkeypatch.setattr(discord.abc.Messageable, "send", slow)
    bot = scene.world.bot
    for number in range(MAX_WAITING + 31):
        tell(bot, scene.guild.id, Enrolled(scene.ann.id, f"Voice {number}"))
        if number == 0:
            await sent.wait()
    await asyncio.sleep(0)
    await scene.world.settings.guild(scene.guild.id)
    open_again.set()
    await scene.env.settle()
    lines = told(mods)
    assert lines[0].endswith("“Voice 0”.")
    assert lines[-1] == "… and 30 lines more"
    assert len(lines) == 1 + MAX_WAITING + 1
    assert len(list(mods.history())) < 12
    assert all(len(message.content) <= 2000 for message in mods.history())


async def test_without_a_moderation_channel_nobody_is_told(scene: Scene) -> None:
    tell(scene.world.bot, scene.guild.id, Enrolled(scene.ann.id, "Ann"))
    tell(scene.world.bot, 999, Enrolled(scene.ann.id, "Ann"))
    await scene.env.settle()
    assert list(scene.channel.history()) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Deleted(1, "Ann", 1), "🗑️ <@1> deleted the voice “Ann”."),
        (Deleted(2, "Ann", None), "🗑️ <@2> deleted the voice “Ann”."),
        (
            SettingSet(1, "skip_prefix", "*", ";"),
            r"⚙️ <@1> set “Skip messages that begin with” to: “\*” (before: “;”)",
        ),
        (
            SettingSet(1, "say_roles", (5, 6), (6, 7)),
            "⚙️ <@1> changed “Who may have texts spoken”; added: 5; removed: 7",
        ),
        (
            SettingSet(1, "say_roles", (6, 7), (6,)),
            "⚙️ <@1> changed “Who may have texts spoken”; added: 7; removed: none",
        ),
        (
            SettingSet(1, "say_roles", (), (6,)),
            "⚙️ <@1> set “Who may have texts spoken” to: everybody (before: 6)",
        ),
        (
            TextSpoken(1, "Ann", "Hi <@&5>", 7, read=True),
            r"💬 <@1> wrote, read in <#7> as “Ann”: Hi \<@&5>",
        ),
        (
            TextSpoken(1, "Ann", "Hi.", 7, read=True, webhook="News*"),
            r"💬 **News\*** wrote, read in <#7> as “Ann”: Hi.",
        ),
    ],
)
def test_a_line_says_who_did_what(event: Any, expected: str) -> None:
    assert line(event, lambda _picker, identifier: str(identifier)) == expected


def test_a_line_is_never_long() -> None:
    roles = tuple(range(10**18, 10**18 + 25))
    text = line(
        SettingSet(1, "say_roles", roles, ()), lambda _picker, identifier: f"<@&{identifier}>"
    )
    assert len(text) <= 400
