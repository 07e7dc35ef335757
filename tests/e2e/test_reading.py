"""A channel is read aloud, on the wire and under DAVE: who is heard, how loud, in which order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import pytest
import pytest_asyncio

from bot.enrolment.pitch import median_pitch
from bot.enrolment.types import FRAME_SAMPLES
from bot.speech.types import Speech
from bot.voice.limits import VoiceLimits
from loopback import HeardPacket, Person, wait_until
from loopback.audio import SAMPLE_RATE, Samples
from storage.types import NewVoice, ReferenceClip
from tests.e2e.live import Call, Live, open_live
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

PITCHES = {"Ada": 95.0, "Bob": 130.0, "Cy": 175.0, "Di": 235.0}
"""Hz, of the members' own voices."""

LOUDNESS_UNITS = 1.5
HEARD_SECONDS = 60.0
BACKLOG_SECONDS = 6
MESSAGES = 30
FLOOD_SECONDS = 3.0
PREFETCHED_BYTES = 2 * 1024 * 1024
HUSH = "Hush, this is important."
TEXTS = (
    "The rain had stopped before morning, and the road was still wet.",
    "My neighbour keeps four brown hens behind the house.",
    "I usually walk to work along the river, unless the wind is too strong.",
    "Nobody knows exactly why the lighthouse was painted green.",
)


@dataclass
class Chat:
    """Four members with a voice each, in the voice channel whose chat and text channel are read."""

    live: Live
    call: Call
    people: dict[str, Person]

    @property
    def texts(self) -> list[str]:
        """What the engine was asked to speak here, in order."""
        return self.live.desk.texts.get(self.call.guild.id, [])

    @property
    def speeches(self) -> list[Speech]:
        return self.live.desk.spoken.get(self.call.guild.id, [])

    @property
    def heard(self) -> list[HeardPacket]:
        return self.call.listener.audible

    def heard_texts(self) -> list[str]:
        """Return the texts that arrived, in the order of their first packets."""
        said = self.live.desk.said[self.call.guild.id]
        begins = [(begin_of(speech, self.heard), text) for text, speech in said]
        return [text for _, text in sorted((at, text) for at, text in begins if at is not None)]

    async def until_all_heard(self) -> None:
        """Wait until nothing waits any more and all that was made has arrived."""
        player = self.live.bot.services.voice.player(self.call.guild.id)
        await wait_until(lambda: not player.busy, HEARD_SECONDS, "the end of the chat")
        await self.call.heard_to_the_end()


async def open_chat(live: Live) -> Chat:
    call = await live.new_call()
    people = {"Ada": call.ada}
    for name in list(PITCHES)[1:]:
        people[name] = live.discord.add_person(call.guild, name)
        await people[name].join_voice()
    for name, pitch in PITCHES.items():
        clip = ReferenceClip(speech_samples(4, pitch / 110))
        await live.voices.add(
            NewVoice(call.guild.id, name, owner_id=people[name].id, pitch_hz=pitch), clip
        )
    await call.ada.slash("read start").answered(20)
    return Chat(live, call, people)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def reading(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """A bot that Discord tells the content of every message."""
    async with open_live(tmp_path_factory.mktemp("reading"), message_content=True) as live:
        await live.warm()
        yield live


@pytest_asyncio.fixture(loop_scope="package")
async def chat(reading: Live) -> AsyncIterator[Chat]:
    chat = await open_chat(reading)
    yield chat
    reading.discord.disconnect_bot(chat.call.guild)


def stretches(heard: Sequence[HeardPacket], speeches: Sequence[Speech]) -> list[list[HeardPacket]]:
    """Return the packets of each speech, as they were heard; all of them, in order."""
    rest = list(heard)
    found = []
    for speech in speeches:
        length = len(speech.packets)
        assert tuple(packet.opus for packet in rest[:length]) == speech.packets
        found.append(rest[:length])
        rest = rest[length:]
    assert rest == []
    return found


def pitch_of(samples: Samples) -> float:
    """Return the median pitch in Hz of 48 kHz samples."""
    halved = samples[::2].astype(np.float32)
    frames = np.ones(len(halved) // FRAME_SAMPLES + 1, dtype=np.bool_)
    pitch = median_pitch(halved, frames)
    assert pitch is not None
    return pitch


async def test_each_member_is_heard_in_their_own_voice_in_order_and_equally_loud(
    chat: Chat,
) -> None:
    for person, text in zip(chat.people.values(), TEXTS, strict=True):
        person.send(text)
    await wait_until(lambda: len(chat.speeches) == 4, HEARD_SECONDS, "four messages")
    await chat.until_all_heard()
    assert chat.texts == list(TEXTS)
    said = stretches(chat.heard, chat.speeches)
    sounds = [chat.call.listener.heard(packets) for packets in said]
    assert [pitch_of(sound) for sound in sounds] == [
        pytest.approx(pitch, rel=0.12) for pitch in PITCHES.values()
    ]
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    loudness = [meter.integrated_loudness(sound.astype(np.float64)) for sound in sounds]
    assert max(loudness) - min(loudness) < LOUDNESS_UNITS, loudness
    assert chat.call.listener.unreadable == 0
    assert all(packet.encrypted for packet in chat.heard)


@dataclass
class Flood:
    """30 messages in 3 s, then a command; all was heard.

    waiting, prefetched: texts and bytes of packets in the queue when the last message had come.
    heard_before: packets that had arrived when the command was given.
    """

    chat: Chat
    texts: list[str]
    waiting: int
    prefetched: int
    heard_before: int


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def flood(reading: Live) -> AsyncIterator[Flood]:
    chat = await open_chat(reading)
    guild_id = chat.call.guild.id
    settings = reading.bot.services.settings
    await settings.change_guild(guild_id, "backlog_seconds", BACKLOG_SECONDS, changed_by=None)
    people = list(chat.people.values())
    texts = [f"Here comes message number {number} of the flood." for number in range(MESSAGES)]
    for number, text in enumerate(texts):
        people[number % len(people)].send(text)
        await asyncio.sleep(FLOOD_SECONDS / MESSAGES)
    player = reading.bot.services.voice.player(guild_id)
    flood = Flood(chat, texts, len(player.snapshot()), player.prefetched_bytes, len(chat.heard))
    await chat.call.say(HUSH, voice="Ada").answered()
    await chat.until_all_heard()
    yield flood
    reading.discord.disconnect_bot(chat.call.guild)


async def test_a_flood_is_cut_short_in_order_and_told_of(flood: Flood) -> None:
    heard, texts = flood.chat.heard_texts(), flood.texts
    read = [text for text in heard if text in texts]
    assert read == [text for text in texts if text in read]  # in order, none twice
    assert texts[0] in read
    assert texts[-1] in read
    assert len(read) < len(texts)
    assert [text for text in heard if "left out" in text]


async def test_what_waits_of_a_flood_is_bounded(flood: Flood) -> None:
    assert flood.waiting <= VoiceLimits().chatter_per_guild
    assert flood.prefetched <= PREFETCHED_BYTES


async def test_what_is_said_by_command_comes_within_one_sentence_of_a_flood(flood: Flood) -> None:
    said = flood.chat.live.desk.said[flood.chat.call.guild.id]
    (mine,) = [speech for text, speech in said if text == HUSH]
    longest = max(len(speech.packets) for _, speech in said)
    begin = begin_of(mine, flood.chat.heard)
    assert begin is not None
    assert begin - flood.heard_before <= longest + 25  # packets; half a second to make it


def begin_of(speech: Speech, heard: Sequence[HeardPacket]) -> int | None:
    """Return where in what was heard a speech begins; None if it was not heard to its end."""
    opus = [packet.opus for packet in heard]
    length = len(speech.packets)
    found = (at for at in range(len(opus)) if tuple(opus[at : at + length]) == speech.packets)
    return next(found, None)
