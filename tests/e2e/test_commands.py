"""What members ask for while the bot is in their channel, over the wire."""

from __future__ import annotations

import asyncio
import time

import pytest

from loopback import wait_until
from tests.e2e.live import Call, Live, content

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "The rain had stopped before morning, and the road to the harbour was still wet. " * 3
SILENCE_MS = 100.0
ATTEMPTS = 3


async def talking(call: Call) -> None:
    """Have something long said and wait until it is heard."""
    heard = len(call.listener.audible)
    call.say(LONG)
    await call.listener.until_heard(heard + 10)


async def milliseconds_to_silence(call: Call, command: str) -> float:
    """Return the time from a command to the first frame of silence."""
    await talking(call)
    asked_ns = time.time_ns()
    call.ada.slash(command)
    await call.heard_to_the_end()
    return (call.silent_since_ns - asked_ns) / 1e6


@pytest.mark.parametrize("command", ["skip", "stop"])
async def test_silence_follows_at_once_on(call: Call, command: str) -> None:
    times: list[float] = []
    while not times or (times[-1] > SILENCE_MS and len(times) < ATTEMPTS):
        times.append(await milliseconds_to_silence(call, command))
    # A machine that others use may be slow at times; once the bot must be as quick as promised.
    assert times[-1] <= SILENCE_MS, times


async def test_the_answer_to_say_tells_that_it_was_skipped(call: Call) -> None:
    answer = await call.say(LONG).answered()
    await call.listener.until_heard(5)
    assert (await call.ada.slash("skip").answered()).content == "Skipped."
    await content(answer, "\nSkipped.")


async def test_what_waits_is_heard_after_a_skip(call: Call) -> None:
    await talking(call)
    following = await call.say("This is next.").answered()
    assert "after one text" in following.content
    call.ada.slash("skip")
    await content(following, "\nSaid.")


async def test_stop_forgets_what_waits(call: Call) -> None:
    await talking(call)
    following = await call.say("This is next.").answered()
    stopped = await call.ada.slash("stop").answered()
    assert stopped.content == "Stopped; 2 texts forgotten."
    await content(following, "\nStopped.")


async def test_queue_shows_who_speaks_and_who_is_next(call: Call) -> None:
    await talking(call)
    await call.say("This is next.").answered()
    (card,) = (await call.ada.slash("queue").answered()).embeds
    speaking, waiting = card["description"].splitlines()
    assert speaking.startswith(f"▶ <@{call.ada.id}> as “Anna”: The rain had stopped")
    assert waiting.startswith(f"2. <@{call.ada.id}> as “Anna”: This is next.")


async def test_leave_takes_the_bot_out_of_the_channel(call: Call) -> None:
    await talking(call)
    left = await call.ada.slash("leave").answered()
    assert left.content == "I left the voice channel."
    await wait_until(lambda: not call.bot_is_there, 5, "the bot's leaving")


async def test_join_brings_the_bot_so_that_say_need_not(live: Live, call: Call) -> None:
    joined = await call.ada.slash("join").answered()
    assert joined.content == f"I am in <#{call.guild.voice.id}> now."
    assert call.bot_is_there
    connection = await live.discord.voice.wait_settled(call.guild)
    call.say("Hello there.")
    await call.heard_to_the_end()
    assert live.discord.voice.connections[call.guild.id] is connection


async def test_say_without_a_voice_leads_to_enroll(call: Call) -> None:
    answer = await call.ada.slash("say", text="Hello there.").answered()
    assert "You have no voice here yet. Make one with </enroll:" in answer.content
    assert answer.ephemeral


async def test_guilds_are_heard_at_the_same_time(live: Live, call: Call) -> None:
    other = await live.new_call()
    await asyncio.gather(talking(call), talking(other))
    for one in (call, other):
        one.ada.slash("stop")
        await one.heard_to_the_end()
    assert call.listener.unreadable == other.listener.unreadable == 0
    live.discord.disconnect_bot(other.guild)


async def test_a_bot_that_a_moderator_has_muted_says_so_instead_of_speaking(call: Call) -> None:
    call.discord.mute_bot(call.guild)
    joined = await call.ada.slash("join").answered()
    advice = f"I am muted in <#{call.guild.voice.id}>. Ask a moderator"
    assert advice in joined.content
    assert advice in (await call.say("Hello there.").answered()).content


async def test_in_the_afk_channel_it_says_so_instead_of_asking_to_be_unmuted(call: Call) -> None:
    await call.ada.slash("join").answered()
    call.discord.make_afk(call.guild, call.guild.voice)
    there = f"<#{call.guild.voice.id}>"
    advice = f"{there} is the AFK channel, where nobody is heard. Use another one."
    joined = await call.ada.slash("join").answered()
    assert joined.content == f"I am in {there} already. {advice}"
    assert (await call.say("Hello there.").answered()).content == advice
