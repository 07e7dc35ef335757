"""Voice under DAVE: a real discord.py bot speaks, a person on Discord's own libdave listens."""

from __future__ import annotations

import discord
import numpy as np

from loopback import (
    Guild,
    Listener,
    LoopbackDiscord,
    Permission,
    Person,
    best_correlation,
    encode_opus,
    wait_until,
)
from tests.loopback.bare_bot import BareBot
from tests.loopback.speaker import SILENCE, Speaker, connect, sweep


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


async def test_person_who_founds_the_group_hears_the_bot(
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


async def test_nobody_hears_a_bot_that_may_not_speak(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener
) -> None:
    loopback.deny_bot(guild.voice, Permission.SPEAK)
    client = await connect(bot, guild)
    connection = await loopback.voice.wait_settled(guild)
    await Speaker(client, encode_opus(sweep(0.1))).task
    await wait_until(lambda: len(connection.arrivals_ns) == 5, 5, "the packets")
    assert listener.packets == []


async def test_counting_only_keeps_times_and_headers(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild
) -> None:
    loopback.voice.settings.count_only = True
    loopback.voice.settings.dave_version = 0
    client = await connect(bot, guild)
    connection = await loopback.voice.wait_connected(guild)
    await Speaker(client, [SILENCE] * 10).task
    await wait_until(lambda: len(connection.arrivals_ns) == 10, 5, "the packets")
    assert list(np.diff(connection.sequences)) == [1] * 9
    assert list(np.diff(connection.timestamps)) == [960] * 9
    assert 15 < connection.pacing().mean < 25
