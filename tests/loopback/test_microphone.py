"""People who speak: what reaches a bot, and what it can tell from it."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from loopback import Guild, Listener, LoopbackDiscord, Network, Person, encode_opus, wait_until
from tests.loopback.speaker import sweep

PACKETS = encode_opus(sweep(0.2))


class Ears:
    """Everything that came over the bot's socket, and every JSON message of its websocket."""

    def __init__(self, client: discord.VoiceClient) -> None:
        self.datagrams: list[bytes] = []
        self.messages: list[dict[str, Any]] = []
        client._connection.add_socket_listener(self.datagrams.append)
        client.ws._hook = self._hear

    async def _hear(self, ws: Any, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def speaking(self) -> list[tuple[int, int]]:
        return [(int(m["d"]["user_id"]), m["d"]["ssrc"]) for m in self.messages if m["op"] == 5]


@pytest.fixture
def ears(client: discord.VoiceClient) -> Ears:
    return Ears(client)


async def test_bot_that_is_not_deaf_gets_each_packet_and_learns_whose_they_are(
    loopback: LoopbackDiscord, ada: Person, ears: Ears
) -> None:
    microphone = ada.microphone()
    await microphone.say(PACKETS, pace=8)
    await microphone.say(PACKETS, pace=8)
    await wait_until(lambda: len(ears.datagrams) == 2 * len(PACKETS), 5, "packets")
    await wait_until(lambda: ears.speaking, 5, "the announcement")
    assert ears.speaking == [(ada.id, microphone.ssrc)]
    assert not any(packet in b"".join(ears.datagrams) for packet in PACKETS)


async def test_deaf_bot_gets_nothing(
    guild: Guild, ada: Person, client: discord.VoiceClient, ears: Ears
) -> None:
    await client.guild.change_voice_state(channel=client.channel, self_deaf=True)
    await wait_until(lambda: client.guild.me.voice.self_deaf, 5, "deafness")
    microphone = ada.microphone()
    await microphone.say(PACKETS, pace=8)
    assert (microphone.delivered, ears.datagrams) == (0, [])
    await wait_until(lambda: ears.speaking, 5, "the announcement, which comes all the same")


async def test_bot_deafened_by_a_moderator_gets_nothing(
    loopback: LoopbackDiscord, guild: Guild, ada: Person, ears: Ears
) -> None:
    loopback.deafen_bot(guild)
    microphone = ada.microphone()
    await microphone.say(PACKETS, pace=8)
    assert microphone.delivered == 0
    loopback.deafen_bot(guild, on=False)
    await microphone.say(PACKETS, pace=8)
    assert microphone.delivered == len(PACKETS)


async def test_two_speak_at_once_on_streams_of_their_own(
    loopback: LoopbackDiscord, guild: Guild, ada: Person, ears: Ears
) -> None:
    bob = loopback.add_person(guild, "Bob")
    await bob.join_voice()
    await loopback.voice.wait_settled(guild)
    both = [ada.microphone(), bob.microphone()]
    await asyncio.gather(*(microphone.say(PACKETS, pace=8) for microphone in both))
    await wait_until(lambda: len(ears.datagrams) == 2 * len(PACKETS), 5, "packets")
    ssrcs = [int.from_bytes(datagram[8:12], "big") for datagram in ears.datagrams]
    assert all(ssrcs.count(microphone.ssrc) == len(PACKETS) for microphone in both)


async def test_bad_network_loses_delays_and_repeats(ada: Person, ears: Ears) -> None:
    microphone = ada.microphone()
    microphone.sequence = 0
    await microphone.say(PACKETS * 5, Network(loss=0.2, jitter=0.03, duplicates=0.2), pace=8)
    await wait_until(lambda: len(ears.datagrams) == microphone.delivered, 5, "packets")
    sequences = [int.from_bytes(datagram[2:4], "big") for datagram in ears.datagrams]
    assert 0 < microphone.lost < 25
    assert len(set(sequences)) == 5 * len(PACKETS) - microphone.lost
    assert len(sequences) > len(set(sequences))
    assert sequences != sorted(sequences)


async def test_own_microphone_button_is_seen(
    ada: Person, listener: Listener, client: discord.VoiceClient
) -> None:
    ada.mute_self()
    await wait_until(lambda: client.channel.voice_states[ada.id].self_mute, 5, "the button")
    ada.mute_self(False)
    await wait_until(lambda: not client.channel.voice_states[ada.id].self_mute, 5, "the button")
