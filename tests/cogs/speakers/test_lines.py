"""The line in the voice channel's chat that names who speaks in whose voice."""

from __future__ import annotations

import sys
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from structlog.typing import EventDict

from bot.i18n import locale
from bot.voice.utterances import SayRequest
from cogs.speakers import lines
from cogs.speakers.lines import MAX_TOGETHER, MAX_WAITING, message
from cogs.speakers.recent import Speaking
from tests.cogs.calls import permit
from tests.cogs.conftest import Scene, content
from tests.cogs.panels import open_panel
from tests.cogs.silent_voice import SilentVoiceClient
from tests.cogs.speakers.conftest import UntilHeard


@pytest.fixture
async def bens(scene: Scene, lounge: ChannelHandle) -> None:
    """Ann and Ben are in the lounge; Ben has a voice, the operator another."""
    await scene.world.add_voice("Ben's", scene.guild.id, scene.ben.id)
    await scene.world.add_voice("Anchor", 0)
    for member in (scene.ann, scene.ben):
        await member.join_voice(lounge)


pytestmark = pytest.mark.usefixtures("bens")


async def speak(
    scene: Scene, member: MemberActor, voice: str, until_heard: UntilHeard, text: str = "Hello."
) -> None:
    answer = await member.slash(scene.channel, "say", text=text, voice=voice)
    assert "speaks as" in content(answer)
    await until_heard()


def told(lounge: ChannelHandle) -> list[str]:
    return [each.content for each in lounge.history()]


async def let(scene: Scene, key: str, value: Any) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=scene.mo.id)


def anns_line(scene: Scene) -> str:
    ann, ben = f"<@{scene.ann.id}>", f"<@{scene.ben.id}>"
    return f"🗣️ {ann} speaks as “Ben's” ({ben}) · synthetic speech"


async def test_who_speaks_in_anothers_voice_is_named_with_it(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await speak(scene, scene.ann, "Ben's", until_heard)
    [line] = lounge.history()
    assert line.content == anns_line(scene)


async def test_the_line_rings_nobody(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[object] = []
    send = discord.abc.Messageable.send

    async def spy(channel: Any, *arguments: Any, **options: Any) -> Any:
        allowed.append(options["allowed_mentions"].to_dict())
        return await send(channel, *arguments, **options)

    monkeypatch.setattr(discord.abc.Messageable, "send", spy)
    await speak(scene, scene.ann, "Ben's", until_heard)
    assert allowed == [{"parse": []}]
    [line] = lounge.history()
    assert line.flags.suppress_notifications


async def test_ones_own_voice_and_the_operators_need_no_line(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await speak(scene, scene.ben, "Ben's", until_heard)
    await speak(scene, scene.ann, "Anchor", until_heard)
    assert told(lounge) == []


async def test_a_server_can_have_everybody_named(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await let(scene, "name_speakers", "always")
    await speak(scene, scene.ben, "Ben's", until_heard)
    assert told(lounge) == [f"🗣️ <@{scene.ben.id}> speaks as “Ben's” · synthetic speech"]


async def test_a_server_can_have_nobody_named(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await let(scene, "name_speakers", "never")
    await speak(scene, scene.ann, "Ben's", until_heard)
    assert told(lounge) == []


async def test_what_waits_is_told_when_it_begins_to_be_heard(
    scene: Scene,
    lounge: ChannelHandle,
    until_heard: UntilHeard,
    voice_client: type[SilentVoiceClient],
) -> None:
    voice_client.audible = False
    await scene.ann.slash(scene.channel, "say", text="Hello.", voice="Ben's")
    await scene.env.settle()
    assert told(lounge) == []
    voice_client.audible = True
    await until_heard()
    assert told(lounge) == [anns_line(scene)]


async def test_it_is_told_once_while_one_goes_on(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    for _ in range(3):
        await speak(scene, scene.ann, "Ben's", until_heard)
    assert len(told(lounge)) == 1


async def test_a_message_that_is_read_in_anothers_voice_is_told(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard
) -> None:
    await scene.ann.slash(scene.channel, "voice default", voice="Ben's")
    written = await scene.ben.send(scene.channel, "Read me.")
    await scene.ann.context_menu(scene.channel, "Speak this", written)
    await until_heard()
    assert told(lounge) == [anns_line(scene)]


async def test_it_is_written_in_the_servers_language(
    scene: Scene,
    lounge: ChannelHandle,
    until_heard: UntilHeard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = sys.modules["cogs.speakers.lines"]  # as the bot loaded it
    spoken: list[str] = []

    def spy(*_arguments: object) -> str:
        spoken.append(locale.get())
        return "a line"

    monkeypatch.setattr(running, "message", spy)
    await let(scene, "locale", "ja")
    await speak(scene, scene.ann, "Ben's", until_heard)
    assert spoken == ["ja"]


async def test_without_the_permission_it_speaks_and_says_once_what_is_missing(
    scene: Scene, lounge: ChannelHandle, until_heard: UntilHeard, log_lines: list[EventDict]
) -> None:
    await permit(scene, "bot", lounge, send_messages=False)
    await speak(scene, scene.ann, "Ben's", until_heard)
    await scene.world.add_voice("Third", scene.guild.id, scene.ben.id)
    await speak(scene, scene.ann, "Third", until_heard)
    problems = [each["problem"] for each in log_lines if each["log_level"] == "warning"]
    assert problems == [f"I need the permission Send Messages in <#{lounge.id}>."]
    await permit(scene, "bot", lounge, send_messages=True)
    await speak(scene, scene.ann, "Third", until_heard)
    assert len(told(lounge)) == 1


async def test_the_panel_tells_where_nothing_can_be_written(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await permit(scene, "bot", lounge, send_messages=False)
    panel = await open_panel(scene, scene.mo)
    await panel.open("name_speakers")
    assert f"I cannot write in the chat of <#{lounge.id}>" in panel.text


async def test_a_message_that_is_refused_holds_up_no_speech(
    scene: Scene,
    lounge: ChannelHandle,
    until_heard: UntilHeard,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[EventDict],
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(discord.VoiceChannel, "send", refused)
    await speak(scene, scene.ann, "Ben's", until_heard)
    assert [each["problem"] for each in log_lines if each["log_level"] == "warning"] == [
        "OSError('gone')"
    ]


def speaking(number: int, channel_id: int = 1) -> Speaking:
    return Speaking(channel_id, number, 3, "Ben", 999, 0)


def test_several_lines_are_numbered_and_what_was_left_out_is_counted() -> None:
    text = message([speaking(1), speaking(2)], left_out=3)
    assert text.splitlines() == [
        "1. 🗣️ <@1> speaks as “Ben” (<@999>) · synthetic speech",
        "2. 🗣️ <@2> speaks as “Ben” (<@999>) · synthetic speech",
        "… and 3 lines more",
    ]


def test_the_longest_names_fit_one_message() -> None:
    long = [
        Speaking(1, 2**63 - 1, 2**63 - 1, "*" * 80, 2**63 - 2, 0, webhook="_" * 80)
        for _ in range(MAX_TOGETHER)
    ]
    assert len(message(long, left_out=1_000_000)) <= 2000


def test_a_webhook_is_named_as_it_writes() -> None:
    news = Speaking(1, 5, 3, "Ben", 4, 0, webhook="News*")
    assert lines.line(news) == r"🗣️ **News\*** speaks as “Ben” (<@4>) · synthetic speech"


async def unsaid(_due: Any) -> Any:
    yield


async def test_a_crowd_is_told_in_few_messages(
    scene: Scene, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PAUSE_SECONDS", 0.0)
    channel: Any = scene.world.bot.get_channel(lounge.id)
    cog = lines.SpeakerLines(scene.world.bot)
    for number in range(MAX_WAITING + 2):
        member = number + 1
        cog.heard(channel, SayRequest(member, lounge.id, "Ben", "", 1, unsaid, owner_id=999))
    await scene.env.settle()
    texts = told(lounge)
    assert len(texts) == MAX_WAITING / MAX_TOGETHER
    assert texts[0].splitlines()[-1] == "… and 2 lines more"
