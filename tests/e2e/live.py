"""The whole bot in this process, logged in to a loopback Discord; only its desk is listened to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from bot.backstage import Backstage, open_backstage
from bot.client import MynahBot
from bot.config import Settings
from bot.session import stay_online
from bot.speech.desk import SpeechDesk
from bot.speech.service import Utterance
from bot.speech.types import Speech, VoiceReference
from loopback import (
    Guild,
    HeardPacket,
    Interaction,
    Listener,
    LoopbackDiscord,
    Message,
    Person,
    wait_until,
)
from loopback.gateway_session import MESSAGE_CONTENT
from storage.types import OPERATOR_GUILD_ID, NewVoice, ReferenceClip, VoiceProfile
from storage.voices import VoiceStore
from tests.e2e.faults.matrix import ROUTES
from tests.samples import speech_samples

VOICE = "Anna"
"""The operator's voice: every guild has it from the start."""

SAVE = "Save: I am the speaker or have the speaker's permission"
BUSY_TEXT = "The children built a castle from boxes and defended it all afternoon. " * 3


class RecordingDesk:
    """The bot's desk, and every sentence that it gave out, in order, by guild.

    texts: those that it was asked to speak, as they were begun; said: with what came of them.
    """

    def __init__(self, desk: SpeechDesk) -> None:
        self.spoken: dict[int, list[Speech]] = {}
        self.texts: dict[int, list[str]] = {}
        self.said: dict[int, list[tuple[str, Speech]]] = {}
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def speak(
        self, utterance: Utterance, due: Callable[[], float]
    ) -> AsyncGenerator[Speech, None]:
        self.texts.setdefault(utterance.guild_id, []).append(utterance.text)
        async with aclosing(self._desk.speak(utterance, due)) as sentences:
            async for speech in sentences:
                self.spoken.setdefault(utterance.guild_id, []).append(speech)
                self.said.setdefault(utterance.guild_id, []).append((utterance.text, speech))
                yield speech


@dataclass
class Call:
    """A guild, and Ada in its voice channel."""

    discord: LoopbackDiscord
    guild: Guild
    ada: Person
    listener: Listener

    def say(self, text: str, voice: str = VOICE) -> Interaction:
        return self.ada.slash("say", text=text, voice=voice)

    async def heard_to_the_end(self, within: float = 30.0, since: int = 0) -> None:
        """Wait for the frames of silence that close speech; `since`: packets of before."""
        await self.listener.until(
            lambda ears: closed(ears.packets[since:]), within, "the closing silence"
        )

    @property
    def silent_since_ns(self) -> int:
        """When the first frame of the closing silence came, in ns since 1970."""
        packets = reversed(self.listener.packets)
        return min(packet.arrival_ns for packet in takewhile(lambda p: p.silent, packets))

    @property
    def bot_is_there(self) -> bool:
        return self.discord.world.bot.id in self.guild.voice_states


@dataclass
class Live:
    """What runs."""

    discord: LoopbackDiscord
    backstage: Backstage
    bot: MynahBot
    desk: RecordingDesk

    @property
    def voices(self) -> VoiceStore:
        return self.bot.services.voices

    async def new_call(self) -> Call:
        guild = self.discord.add_guild()
        ada = self.discord.add_person(guild, "Ada")
        return Call(self.discord, guild, ada, await ada.join_voice())

    async def warm(self) -> None:
        """Load the engine and the media libraries, as the program does while it logs in."""
        await asyncio.gather(self.backstage.engine.start(), self.backstage.enrolment.warm())

    @asynccontextmanager
    async def busy_engine(self) -> AsyncIterator[None]:
        """Keep the engine at work: there is always a sentence in flight and another waiting."""
        (voice,) = await self.voices.search(OPERATOR_GUILD_ID, VOICE, 1)
        path = self.voices.clip_path(voice)
        reference = VoiceReference(path, voice.clip_sha256, voice.pitch_hz)

        async def preview() -> None:
            while True:
                await self.bot.services.speech.preview(Utterance(BUSY_TEXT, reference))

        tasks = [asyncio.create_task(preview()) for _ in range(2)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_live(data: Path, *, message_content: bool = False) -> AsyncIterator[Live]:
    """Start a loopback Discord and the bot, with the operator's voice; nothing is loaded yet.

    message_content: whether the intent for it is configured, and switched on for the application.
    """
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        if message_content:
            discord.gateway.allowed_privileged_intents = MESSAGE_CONTENT
        async with open_bot(discord, data, message_content=message_content) as live:
            yield live
        discord.assert_clean()
        assert {request.route for request in discord.requests} <= ROUTES, (
            "tests/e2e/faults lacks one"
        )


@asynccontextmanager
async def open_bot(
    discord: LoopbackDiscord,
    data: Path,
    *,
    message_content: bool = False,
    key_file: Path | None = None,
    devices: Sequence[str] | None = None,
) -> AsyncIterator[Live]:
    """Start the bot in a Discord that is there. devices: an engine worker for each of them."""
    storage = {"directory": data, "key_file": key_file}
    settings = Settings(storage=storage, engine={"kind": "piper", "devices": devices})
    made: list[tuple[MynahBot, RecordingDesk]] = []
    async with open_backstage(settings, connector=discord.connector) as backstage:

        def make_bot(message_content: bool) -> MynahBot:
            bot = backstage.make_bot(message_content)
            desk: Any = RecordingDesk(bot.services.speech)
            bot.services = replace(bot.services, speech=desk)
            made.append((bot, desk))
            return bot

        stop = asyncio.Event()
        running = asyncio.create_task(
            stay_online(make_bot, discord.token, stop, message_content=message_content)
        )
        try:
            await discord.gateway.wait_ready()
            bot, desk = made[0]
            await asyncio.wait_for(bot.wait_until_ready(), 10)
            yield Live(discord, backstage, bot, desk)
        finally:
            stop.set()
            await running


async def add_operator_voice(data: Path) -> VoiceProfile:
    """Store the voice that every guild has."""
    async with VoiceStore.open(data) as store:
        clip = ReferenceClip(speech_samples(4))
        return await store.add(NewVoice(OPERATOR_GUILD_ID, VOICE, pitch_hz=110.0), clip)


def closed(packets: Sequence[HeardPacket], frames: int = 5) -> bool:
    """Whether packets end in speech and the frames of silence that close it."""
    last = packets[-frames:]
    before = packets[:-frames][-1:]
    return len(last) == frames and all(p.silent for p in last) and not any(p.silent for p in before)


async def content(message: Message, text: str, within: float = 20.0) -> None:
    """Wait until a message holds `text`."""
    await wait_until(lambda: text in message.content, within, f"{text!r} in {message.content!r}")
