"""Voice under DAVE: a real discord.py bot speaks, a person on Discord's own libdave listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import discord
import numpy as np
import pytest

from . import (
    Guild,
    Listener,
    LoopbackDiscord,
    Permission,
    Person,
    best_correlation,
    encode_opus,
    wait_until,
)
from .audio import Samples
from .bare_bot import BareBot, WakefulClient

SILENCE = b"\xf8\xff\xfe"
_FRAME_SECONDS = 0.02


def sweep(seconds: float) -> Samples:
    """Return a rising tone, of which every stretch is different, faded in and out like speech.

    A codec that comes from silence takes a few milliseconds to follow an abrupt start.
    """
    count = int(48_000 * seconds)
    time = np.arange(count) / 48_000
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 4800)
    return np.asarray(0.3 * fade * np.sin(2 * np.pi * (200 + 400 * time) * time), np.float32)


class Speaker:
    """Sends one ready-made packet every 20 ms while connected.

    careful: only once DAVE can encrypt, as a bot should.
    """

    def __init__(
        self, client: discord.VoiceClient, packets: list[bytes], *, careful: bool = True
    ) -> None:
        self._client = client
        self._packets = packets
        self._careful = careful
        self.task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for packet in self._packets:
            if self._may_send():
                self._client.send_audio_packet(packet, encode=False)
            due += _FRAME_SECONDS
            await asyncio.sleep(due - loop.time())

    def _may_send(self) -> bool:
        state = self._client._connection
        readable = state.dave_protocol_version == 0 or state.can_encrypt
        return self._client.is_connected() and (readable or not self._careful)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


@pytest.fixture
async def listener(ada: Person) -> Listener:
    return await ada.join_voice()


@pytest.fixture
async def client(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener
) -> discord.VoiceClient:
    connected = await connect(bot, guild)
    await loopback.voice.wait_settled(guild)
    return connected


@pytest.fixture
async def speaker(client: discord.VoiceClient) -> AsyncIterator[Speaker]:
    speaking = Speaker(client, encode_opus(sweep(1)) * 30)
    yield speaking
    await speaking.stop()


async def connect(bot: BareBot, guild: Guild) -> discord.VoiceClient:
    channel = bot.get_channel(guild.voice.id)
    assert isinstance(channel, discord.VoiceChannel)
    return await channel.connect(timeout=5, cls=WakefulClient)


async def test_listener_hears_what_the_bot_sends(
    listener: Listener, client: discord.VoiceClient
) -> None:
    sound = sweep(1)
    packets = [SILENCE, SILENCE, *encode_opus(sound), *[SILENCE] * 5]
    await Speaker(client, packets).task
    await listener.until(lambda heard: len(heard.packets) == len(packets))
    assert best_correlation(sound, listener.heard()) > 0.99
    assert listener.unreadable == 0
    assert all(packet.encrypted for packet in listener.audible)
    sequences = np.diff([packet.sequence for packet in listener.packets])
    timestamps = np.diff([packet.timestamp for packet in listener.packets])
    assert set(sequences) == {1}
    assert set(timestamps) == {960}


async def test_both_ends_show_the_same_privacy_code(
    listener: Listener, client: discord.VoiceClient
) -> None:
    code = client.voice_privacy_code
    assert code is not None
    assert code.replace(" ", "") == listener.privacy_code


async def test_bot_hears_when_a_person_founds_the_group(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener
) -> None:
    loopback.voice.settings.first_committer = "listener"
    client = await connect(bot, guild)
    await loopback.voice.wait_settled(guild)
    await Speaker(client, encode_opus(sweep(0.2))).task
    await listener.until_heard(10)
    assert listener.unreadable == 0


async def test_listener_that_joins_mid_call_misses_nothing_from_then_on(
    loopback: LoopbackDiscord, guild: Guild, listener: Listener, speaker: Speaker
) -> None:
    await listener.until_heard(10)
    newcomer = await loopback.add_person(guild, "Bob").join_voice()
    await newcomer.until_heard(20)
    assert newcomer.unreadable == 0
    assert listener.unreadable == 0
    assert newcomer.privacy_code == listener.privacy_code


async def test_listener_that_leaves_mid_call_is_not_missed(
    loopback: LoopbackDiscord, guild: Guild, ada: Person, listener: Listener, speaker: Speaker
) -> None:
    bob = loopback.add_person(guild, "Bob")
    stays = await bob.join_voice()
    await stays.until_heard(10)
    connection = await loopback.voice.wait_settled(guild)
    epoch = connection.call.epoch
    await ada.leave_voice()
    await wait_until(lambda: connection.call.epoch > epoch, 5, "the removal")
    heard = len(stays.audible)
    await stays.until_heard(heard + 20)
    assert stays.unreadable == 0
    assert stays.privacy_code != listener.privacy_code


async def test_call_goes_on_after_its_only_listener_comes_back(
    loopback: LoopbackDiscord, guild: Guild, ada: Person, listener: Listener, speaker: Speaker
) -> None:
    await listener.until_heard(5)
    await ada.leave_voice()
    await loopback.voice.wait_settled(guild)
    heard = len(listener.audible)
    await ada.join_voice()
    await listener.until_heard(heard + 10)
    assert listener.unreadable == 0


async def test_late_mls_leaves_the_first_packets_unreadable(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener
) -> None:
    loopback.voice.late_mls(0.2)
    client = await connect(bot, guild)
    speaking = Speaker(client, encode_opus(sweep(1)) * 5, careful=False)
    await listener.until_heard(10)
    await speaking.stop()
    assert 3 <= listener.unreadable <= 30


async def test_without_dave_packets_are_only_transport_encrypted(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, ada: Person
) -> None:
    loopback.voice.settings.dave_version = 0
    listener = await ada.join_voice()
    client = await connect(bot, guild)
    await Speaker(client, encode_opus(sweep(0.2))).task
    await listener.until_heard(10)
    assert not any(packet.encrypted for packet in listener.packets)
    assert listener.privacy_code is None


async def test_speaking_state_and_heartbeats_are_seen(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    connection = await loopback.voice.wait_connected(guild)
    await client.ws.speak(discord.SpeakingState.voice)
    await wait_until(lambda: len(connection.speaking) == 2, 5, "speaking")
    assert [speaking.flags for speaking in connection.speaking] == [0, 1]


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


async def test_bot_tries_to_resume_after_a_crash_of_the_voice_server(
    loopback: LoopbackDiscord, guild: Guild, client: discord.VoiceClient
) -> None:
    """discord.py waits for a voice server that is not sent again; facts: it never completes."""
    connection = await loopback.voice.wait_connected(guild)
    loopback.close_voice(guild, 4015)
    await wait_until(lambda: not connection.attached, 5, "the close")
    assert client.is_connected()


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
    assert guild.voice_states.keys() == {next(iter(guild.voice_states))}


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
