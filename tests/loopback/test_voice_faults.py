"""What goes wrong with voice on Discord's side, and what moderators do, one call each."""

from __future__ import annotations

import aiohttp
import discord
import pytest

from loopback import Guild, Listener, LoopbackDiscord, Permission, Person, encode_opus, wait_until
from tests.loopback.bare_bot import BareBot
from tests.loopback.speaker import Speaker, sweep


@pytest.mark.parametrize("code", [4006, 4009])
async def test_speech_goes_on_after_a_close_that_needs_a_new_session(
    loopback: LoopbackDiscord,
    guild: Guild,
    listener: Listener,
    client: discord.VoiceClient,
    speaker: Speaker,
    code: int,
) -> None:
    await listener.until_heard(5)
    before = await loopback.voice.wait_connected(guild)
    loopback.close_voice(guild, code)
    await wait_until(lambda: loopback.voice.identified == 2, 8, "a new session")
    after = await loopback.voice.wait_settled(guild)
    assert after is not before
    heard = len(listener.audible)
    await listener.until_heard(heard + 10)
    assert listener.unreadable == 0


async def test_crash_of_the_voice_server_names_no_other_one(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    """discord.py asks to join where it already is and waits for a server: see bot.voice."""
    connection = await loopback.voice.wait_connected(guild)
    before = guild.voice_states[loopback.world.bot.id]
    loopback.close_voice(guild, 4015)
    await wait_until(
        lambda: guild.voice_states[loopback.world.bot.id] is not before, 5, "the request"
    )
    assert loopback.voice.connections[guild.id] is connection
    assert not connection.attached


async def test_frames_still_flow_after_a_4014_with_nothing_behind_it(
    loopback: LoopbackDiscord, guild: Guild, listener: Listener, speaker: Speaker
) -> None:
    connection = await loopback.voice.wait_connected(guild)
    loopback.close_voice(guild, 4014)
    await wait_until(lambda: not connection.attached, 5, "the close")
    heard = len(listener.audible)
    await listener.until_heard(heard + 10)


async def test_speech_goes_on_in_another_region(
    loopback: LoopbackDiscord,
    guild: Guild,
    listener: Listener,
    client: discord.VoiceClient,
    speaker: Speaker,
) -> None:
    await listener.until_heard(5)
    before = await loopback.voice.wait_connected(guild)
    loopback.voice.move_region(guild)
    after = await loopback.voice.wait_settled(guild)
    assert after.endpoint != before.endpoint
    heard = len(listener.audible)
    await listener.until_heard(heard + 10)


async def test_bot_follows_a_moderators_move(
    loopback: LoopbackDiscord, guild: Guild, ada: Person, client: discord.VoiceClient
) -> None:
    attic = loopback.add_voice_channel(guild, "Attic")
    loopback.move_bot(guild, attic)
    await loopback.voice.wait_connected(guild)
    assert client.channel.id == attic.id
    listener = await ada.join_voice(attic)
    await loopback.voice.wait_settled(guild)
    await Speaker(client, encode_opus(sweep(0.3))).task
    await listener.until_heard(10)
    assert listener.unreadable == 0


async def test_bot_is_gone_after_a_moderators_disconnect(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    loopback.disconnect_bot(guild)
    await wait_until(lambda: not client.is_connected(), 5, "the disconnect")
    assert loopback.world.bot.id not in guild.voice_states


async def test_muted_bot_is_not_heard(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener, speaker: Speaker
) -> None:
    await listener.until_heard(5)
    loopback.mute_bot(guild)
    connection = await loopback.voice.wait_connected(guild)
    heard, sent = len(listener.audible), len(connection.sequences)
    await wait_until(lambda: len(connection.sequences) >= sent + 10, 5, "packets")
    assert len(listener.audible) <= heard + 1  # one may have been on its way
    server = bot.get_guild(guild.id)
    assert server is not None
    assert server.me.voice is not None
    assert server.me.voice.mute


async def test_bot_moves_a_person_only_with_permission(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, ada: Person, listener: Listener
) -> None:
    attic = loopback.add_voice_channel(guild, "Attic")
    server = await bot.fetch_guild(guild.id)
    member, target = await server.fetch_member(ada.id), await bot.fetch_channel(attic.id)
    assert isinstance(target, discord.VoiceChannel)
    with pytest.raises(discord.Forbidden):
        await member.move_to(target)
    loopback.grant_bot(guild, Permission.MOVE_MEMBERS)
    await member.move_to(target)
    assert listener.channel_id == attic.id


async def test_speech_goes_on_after_the_gateway_resumes(
    loopback: LoopbackDiscord, guild: Guild, listener: Listener, speaker: Speaker
) -> None:
    loopback.gateway.reconnect()
    await wait_until(lambda: loopback.gateway.resumed == 1, 5, "the resumption")
    heard = len(listener.audible)
    await listener.until_heard(heard + 10)
    assert loopback.voice.identified == 1


async def test_lost_gateway_session_ends_the_voice_connection_and_the_bot_comes_back(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    before = await loopback.voice.wait_connected(guild)
    loopback.gateway.invalidate_session()
    assert loopback.world.bot.id not in guild.voice_states
    await wait_until(lambda: loopback.voice.connections.get(guild.id), 10, "the next connection")
    assert await loopback.voice.wait_settled(guild) is not before


async def test_voice_resume_replays_what_was_not_acknowledged(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    connection = await loopback.voice.wait_connected(guild)
    resume = {"server_id": str(guild.id), "token": connection.token, "seq_ack": 0}
    url = f"wss://{connection.endpoint}/?v=8"
    async with (
        aiohttp.ClientSession(connector=loopback.connector()) as session,
        session.ws_connect(url) as ws,
    ):
        await ws.send_json({"op": 7, "d": resume})
        opcodes = [(await ws.receive_json())["op"] for _ in range(4)]
    assert opcodes == [8, 9, 2, 4]
    assert loopback.voice.resumed == 1


async def test_wrong_voice_token_is_closed_with_4006(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    connection = await loopback.voice.wait_connected(guild)
    identify = {"server_id": str(guild.id), "token": "wrong", "max_dave_protocol_version": 1}
    async with (
        aiohttp.ClientSession(connector=loopback.connector()) as session,
        session.ws_connect(f"wss://{connection.endpoint}/?v=8") as ws,
    ):
        await ws.send_json({"op": 0, "d": identify})
        await ws.receive_json()
        await ws.receive()
    assert ws.close_code == 4006


async def test_request_for_a_full_channel_is_ignored(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, ada: Person
) -> None:
    small = loopback.add_voice_channel(guild, "Small", user_limit=1)
    await ada.join_voice(small)
    await wait_until(lambda: bot.get_channel(small.id), 5, "the channel")
    channel = bot.get_channel(small.id)
    assert isinstance(channel, discord.VoiceChannel)
    with pytest.raises(TimeoutError):
        await channel.connect(timeout=0.2)
    assert [request.channel_id for request in loopback.voice.refused_requests] == [small.id]
