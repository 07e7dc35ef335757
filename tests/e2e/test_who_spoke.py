"""Who spoke and where a file came from, over the wire, with the engine's real packets."""

from __future__ import annotations

import pytest

from loopback import Message, Person, Upload, wait_until
from loopback.model import Channel
from storage.types import NewVoice, ReferenceClip, VoiceProfile
from tests.e2e.live import Call, Live
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")


def written_in(live: Live, channel: Channel) -> list[Message]:
    messages = live.discord.world.messages.values()
    return [each for each in messages if each.channel_id == channel.id and not each.ephemeral]


async def bens_voice(live: Live, call: Call, ben: Person) -> VoiceProfile:
    voice = NewVoice(call.guild.id, "Ben's", pitch_hz=110.0, owner_id=ben.id, level="declared")
    return await live.voices.add(voice, ReferenceClip(speech_samples(4)))


async def test_the_line_stands_in_the_chat_of_the_call_and_can_be_reported(
    live: Live, call: Call
) -> None:
    ben = live.discord.add_person(call.guild, "Ben")
    await bens_voice(live, call, ben)
    mods = call.guild.text
    await live.bot.services.settings.change_guild(
        call.guild.id, "moderation_channel", mods.id, changed_by=None
    )
    call.say("Good morning, everyone.", "Ben's")
    await call.heard_to_the_end()
    await wait_until(lambda: written_in(live, call.guild.voice), 10, "the line")
    [line] = written_in(live, call.guild.voice)
    assert line.content.startswith(f"🗣️ <@{call.ada.id}> speaks as “Ben's” (<@{ben.id}>)")
    assert line.pings == []
    dialog = ben.press(line, label="Report")
    await dialog.acknowledged()
    sent = ben.submit(dialog, reason="I did not say that.")
    assert (await sent.answered()).content.startswith("Reported: ")
    [report] = [m for m in written_in(live, mods) if m.content.startswith("🚩")]
    assert f"🚩 <@{ben.id}> reports <@{call.ada.id}>" in report.content
    [row] = await live.bot.services.audit.reader.utterances_of(
        call.guild.id, (await live.voices.find(call.guild.id, "Ben's")).id, 5
    )
    assert f"`{row.packets_sha256}`" in report.content


async def test_a_file_that_was_made_here_is_known_again(live: Live, call: Call) -> None:
    answer = call.ada.slash("say", text="Good morning.", voice="Anna", file=True)
    made = await answer.answered()
    await wait_until(lambda: made.attachments, 60, "the file")
    content = made.attachments[0].content
    message = call.ada.send("Listen!", Upload("a.ogg", content, "audio/ogg"))
    told = await call.ada.use_on_message("Was this made here?", message).answered()
    await wait_until(lambda: "Made here" in told.content, 60, "the answer")
    assert f"<@{call.ada.id}> as “Anna”" in told.content
