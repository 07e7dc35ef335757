"""Members of several servers who speak, call the bot in and enrol, at the moments of a plan."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from loopback import Guild, LoopbackDiscord, Message, Person, Upload, wait_until
from tests.e2e.live import SAVE, VOICE
from tests.samples import SENTENCES

PATIENCE_SECONDS = 120.0
LONGEST_SECONDS = 900.0
"""For the end of a text: a queue moves on a loaded machine, too, and is bounded."""

POLL_SECONDS = 0.1  # a hundred texts wait at once


@dataclass
class Server:
    """A guild. owner: calls the bot in; speakers: with them in the voice channel, for texts."""

    guild: Guild
    owner: Person
    speakers: list[Person] = field(default_factory=list)
    newcomers: int = 0
    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    ends: int = 0  # of texts that were told


class Members:
    """Everybody, and what became of what they asked for."""

    def __init__(
        self,
        discord: LoopbackDiscord,
        servers: list[Server],
        uploads: list[Upload],
        chance: random.Random,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self.lost: list[str] = []
        self.waits: list[float] = []  # seconds for each text until its end was told
        self._discord, self._servers = discord, servers
        self._uploads, self._chance = uploads, chance

    async def act(self, plan: list[tuple[float, str]]) -> None:
        """Do each at its moment (s from now); return when all came to an end."""
        wishes: dict[str, Callable[[Server], Awaitable[str]]] = {
            "utterance": self._say,
            "connect": self._connect,
            "enrolment": self._enrol,
        }
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as acts:
            for number, (moment, kind) in enumerate(plan):
                await asyncio.sleep(start + moment - loop.time())
                server = self._servers[number % len(self._servers)]
                acts.create_task(self._follow(kind, wishes[kind](server)))

    async def _follow(self, kind: str, wish: Awaitable[str]) -> None:
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                outcome = await wish
        except TimeoutError:
            outcome = "no end"
            self.lost.append(kind)
        self.outcomes[f"{kind}: {outcome}"] += 1

    async def _say(self, server: Server) -> str:
        text = " ".join(self._chance.choice(SENTENCES).split()[:5]) + "."
        member = self._chance.choice(server.speakers)  # each may say only so much in a minute
        answer = member.slash("say", text=text, voice=VOICE)
        if self._chance.random() < 0.05:
            await asyncio.sleep(self._chance.uniform(0, 2))
            member.slash("skip")
        loop = asyncio.get_running_loop()
        asked = loop.time()
        await self._while_moving(server, lambda: bool(_end_of(answer.messages)))
        server.ends += 1
        self.waits.append(loop.time() - asked)
        return _end_of(answer.messages)

    async def _while_moving(self, server: Server, over: Callable[[], bool]) -> None:
        """Wait, while texts of the server come to their ends. Raises TimeoutError.

        A text may wait its turn for longer than anybody's patience where the engine is
        overloaded; it is lost if the others of its server end and it does not.
        """
        loop = asyncio.get_running_loop()
        ends, moved = server.ends, loop.time()
        while not over():
            if server.ends != ends:
                ends, moved = server.ends, loop.time()
            elif loop.time() - moved > PATIENCE_SECONDS:
                raise TimeoutError
            await asyncio.sleep(POLL_SECONDS)

    async def _connect(self, server: Server) -> str:
        async with server.connecting:
            server.owner.slash("leave")
            bot = self._discord.world.bot.id
            await wait_until(
                lambda: bot not in server.guild.voice_states, PATIENCE_SECONDS, "the leaving"
            )
            joined = server.owner.slash("join")
            await wait_until(
                lambda: bot in server.guild.voice_states or joined.messages,
                PATIENCE_SECONDS,
                "the joining",
            )
        return "joined" if bot in server.guild.voice_states else "told"

    async def _enrol(self, server: Server) -> str:
        server.newcomers += 1
        name = f"Ben {server.newcomers}"
        member = self._discord.add_person(server.guild, name)
        wish = member.slash("enroll", sample=self._chance.choice(self._uploads), name=name)
        await wait_until(lambda: _settled(wish.messages), PATIENCE_SECONDS, "the card")
        card = wish.messages[-1]
        if not card.components:
            return "told"
        button = SAVE if self._chance.random() < 0.5 else "Discard"
        pressed = member.press(card, label=button)
        await wait_until(
            lambda: not card.components or pressed.messages, PATIENCE_SECONDS, "the end of the card"
        )
        return "saved" if button == SAVE else "discarded"


def _settled(messages: list[Message]) -> object:
    return [m for m in messages if m.components or (m.content and not m.content.startswith("-#"))]


def _end_of(messages: list[Message]) -> str:
    """Return how an utterance ended, or what was told instead; empty while it lasts."""
    for message in messages:
        first, *lines = message.content.splitlines() or [""]
        if first and not first.startswith("**"):
            return f"told: {first[:60]}"
        last = lines[-1] if lines else ""
        if last and not last.startswith("-#") and not last.endswith("heard."):
            return last[:60]
    return ""
