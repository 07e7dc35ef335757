"""Logins, sessions and REST, with a real discord.py bot."""

from __future__ import annotations

import time

import discord
import pytest

from loopback import Guild, LoopbackDiscord, Person, wait_until
from tests.loopback.bare_bot import COMMANDS, BareBot


async def test_bot_sees_its_guild_and_who_is_in_voice(
    loopback: LoopbackDiscord, guild: Guild, ada: Person
) -> None:
    loopback.add_person(guild, "Bob")
    await ada.join_voice()
    bot = BareBot(connector=loopback.connector())
    await bot.run_against(loopback)
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert {member.id for member in seen.members} == {loopback.world.bot.id, ada.id}
    channel = seen.get_channel(guild.voice.id)
    assert isinstance(channel, discord.VoiceChannel)
    assert [member.id for member in channel.members] == [ada.id]
    await bot.end()


async def test_bot_sees_people_come_and_go(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, ada: Person
) -> None:
    channel = bot.get_channel(guild.voice.id)
    assert isinstance(channel, discord.VoiceChannel)
    await ada.join_voice()
    await wait_until(lambda: [m.id for m in channel.members] == [ada.id], 5, "the join")
    await ada.leave_voice()
    await wait_until(lambda: not channel.members, 5, "the leave")


async def test_registered_commands_come_back_with_the_same_ids(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild
) -> None:
    first = {command.name: command.id for command in await bot.tree.sync()}
    fetched = {command.name: command.id for command in await bot.tree.fetch_commands()}
    assert fetched == first
    assert len(first) == len(COMMANDS)
    bot.tree.copy_global_to(guild=discord.Object(guild.id))
    assert len(await bot.tree.sync(guild=discord.Object(guild.id))) == len(COMMANDS)


async def test_wrong_token_is_refused_at_login(loopback: LoopbackDiscord) -> None:
    client = discord.Client(intents=discord.Intents.none(), connector=loopback.connector())
    with pytest.raises(discord.LoginFailure):
        await client.login("wrong")
    await client.close()


async def test_revoked_token_closes_the_gateway_with_4004(loopback: LoopbackDiscord) -> None:
    client = discord.Client(intents=discord.Intents.none(), connector=loopback.connector())
    await client.login(loopback.token)
    loopback.world.token = "another"
    with pytest.raises(discord.ConnectionClosed) as closed:
        await client.connect()
    assert closed.value.code == 4004
    await client.close()


async def test_privileged_intents_are_refused_unless_switched_on(loopback: LoopbackDiscord) -> None:
    client = discord.Client(intents=discord.Intents.all(), connector=loopback.connector())
    await client.login(loopback.token)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await client.connect()
    await client.close()


async def test_each_shard_gets_its_own_guilds() -> None:
    async with LoopbackDiscord(shards=2) as loopback:
        guilds = [loopback.add_guild(f"Nest {number}") for number in range(6)]
        bot = BareBot(connector=loopback.connector())
        await bot.run_against(loopback)
        await loopback.gateway.wait_ready(shards=2)
        assert {guild.id for guild in bot.guilds} == {guild.id for guild in guilds}
        assert all(guild.shard_id == (guild.id >> 22) % 2 for guild in bot.guilds)
        await bot.end()
        loopback.assert_clean()


async def test_reconnect_resumes_and_replays_what_was_missed(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    loopback.gateway.reconnect()
    unseen = ada.slash("card")  # goes to the connection that the bot is about to leave
    await unseen.answered()
    assert (loopback.gateway.resumed, loopback.gateway.identified) == (1, 1)


async def test_invalid_session_identifies_anew(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    loopback.gateway.invalidate_session()
    await wait_until(lambda: loopback.gateway.identified == 2, 10, "a new session")
    await ada.slash("card").answered()


async def test_closed_gateway_is_resumed(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    loopback.close_gateway(4000)
    await wait_until(lambda: loopback.gateway.resumed == 1, 10, "the resumption")
    await ada.slash("card").answered()


async def test_rate_limit_is_waited_out(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild
) -> None:
    loopback.faults.fail_next("POST /channels/*/messages", 429, retry_after=0.3)
    channel = bot.get_channel(guild.text.id)
    assert isinstance(channel, discord.TextChannel)
    start = time.monotonic()
    await channel.send("hello")
    assert time.monotonic() - start > 0.3
    assert [r.status for r in loopback.requests if r.path.endswith("/messages")] == [429, 200]


@pytest.mark.parametrize("status", [503, 400])
async def test_server_error_reaches_the_bot(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, status: int
) -> None:
    loopback.faults.fail_next("POST /channels/*/messages", status)
    channel = bot.get_channel(guild.text.id)
    assert isinstance(channel, discord.TextChannel)
    with pytest.raises(discord.HTTPException) as refusal:
        await channel.send("hello")
    assert refusal.value.status == status


async def test_message_is_posted_edited_and_deleted(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild
) -> None:
    channel = bot.get_channel(guild.text.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("one")
    await message.edit(content="two")
    stored = loopback.world.message(message.id)
    assert [revision.content for revision in stored.revisions] == ["one", "two"]
    assert (await channel.fetch_message(message.id)).content == "two"
    await message.delete()
    assert stored.deleted
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(message.id)


@pytest.mark.parametrize("content", ["", "x" * 2001])
async def test_message_against_the_limits_is_refused(
    bot: BareBot, guild: Guild, content: str
) -> None:
    channel = bot.get_channel(guild.text.id)
    assert isinstance(channel, discord.TextChannel)
    with pytest.raises(discord.HTTPException):
        await channel.send(content)


async def test_message_tells_whom_it_would_notify(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, ada: Person
) -> None:
    channel = bot.get_channel(guild.text.id)
    assert isinstance(channel, discord.TextChannel)
    text = f"{ada.user.mention} @everyone"
    loud = await channel.send(text)
    quiet = await channel.send(text, allowed_mentions=discord.AllowedMentions.none())
    assert loopback.world.message(loud.id).pings == [str(ada.id), "everyone"]
    assert loopback.world.message(quiet.id).pings == []
