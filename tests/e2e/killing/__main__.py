"""Five servers speak and enrol while the workers are killed again and again, at random moments.

    python -m tests.e2e.killing [--kills 100] [--seed N]

Prints what became of everything as JSON. It is the whole bot on a loopback Discord, but for the
engine: the tests' own, which loads and speaks at once, so that a hundred deaths take seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import logging
import os
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psutil

import bot.engines
from bot.logs import configure_logging
from bot.speech.engine_client import EngineClient
from loopback import Interaction, Message, Upload, wait_until
from tests.e2e.killing.quick_engine import open_quick
from tests.e2e.live import Call, Live, open_live
from tests.samples import encode, speech_samples

GUILDS = 5
SENTENCES = 3
PATIENCE_SECONDS = 90.0
LONGEST_PAUSE_SECONDS = 0.3  # between two deaths


class Members:
    """One who speaks in each guild, and one who enrols; they note what became of everything."""

    def __init__(self, live: Live, upload: Upload) -> None:
        self._live, self._upload = live, upload
        self.done = asyncio.Event()
        self.outcomes: Counter[str] = Counter()
        self.asked: dict[int, list[str]] = {}  # sentences by guild, in order

    async def speak(self, call: Call) -> None:
        while not self.done.is_set():
            outcome = await self.say(call)
            self.outcomes[outcome] += 1
            if outcome == "told":
                await asyncio.sleep(0.5)  # nobody who is refused asks again at once

    async def say(self, call: Call) -> str:
        """Have a text said and return what became of it according to its answer."""
        asked = self.asked.setdefault(call.guild.id, [])
        number = len(asked) // SENTENCES
        sentences = [f"This is part {part} of text {number}." for part in range(SENTENCES)]
        asked += sentences
        answer = await call.say(" ".join(sentences)).answered()
        await wait_until(lambda: end_of(answer), PATIENCE_SECONDS, f"an end: {answer.content!r}")
        return "said" if end_of(answer) == "Said." else "told"

    async def enrol(self, call: Call) -> None:
        while not self.done.is_set():
            ben = self._live.discord.add_person(call.guild, "Ben")
            wish = ben.slash("enroll", sample=self._upload, name="Ben")
            await wait_until(
                lambda wish=wish: verdict(wish), PATIENCE_SECONDS, "a card or a reason"
            )
            self.outcomes[verdict(wish)] += 1
            if verdict(wish) == "card":
                ben.press(await wish.answered(), label="Discard")
                await asyncio.sleep(0.5)

    @property
    def sentences(self) -> int:
        """How many have been spoken."""
        return sum(map(len, self._live.desk.spoken.values()))

    def said_out_of_turn(self) -> list[str]:
        """Return the guilds in which a sentence was said twice, or after a later one."""
        return [
            f"{guild}: {said}"
            for guild, speeches in self._live.desk.spoken.items()
            if not in_order(said := [next(iter(s.timings)) for s in speeches], self.asked[guild])
        ]


def verdict(wish: Interaction) -> str:
    """Return what came of `/enroll`; empty while nothing has."""
    message = wish.message
    if message is not None and message.embeds:
        return "card"
    told = message is not None and message.content and "starting again" not in message.content
    return "reason" if told or wish.followups else ""


def in_order(said: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether `said` is `asked`, perhaps with gaps."""
    left = iter(asked)
    return all(sentence in left for sentence in said)


def end_of(answer: Message) -> str:
    """Return the line that says how a text ended; empty while it lasts."""
    _, *lines = answer.content.splitlines()
    last = lines[-1] if lines else ""
    return "" if last.startswith("-#") or last.endswith("sentences heard.") else last


async def kill_again_and_again(members: Members, kills: int, chance: random.Random) -> None:
    """Kill while they start, load, work or rest."""
    me = psutil.Process()
    for _ in range(kills):
        if chance.random() < 0.5:  # or little would ever be spoken
            former = members.sentences
            await wait_until(
                lambda former=former: members.sentences > former, PATIENCE_SECONDS, "a sentence"
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (workers := me.children()):
                await asyncio.sleep(0.005)
        chance.choice(workers).kill()
        await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))


async def kill_while_they_speak(data: Path, kills: int, seed: int) -> dict[str, object]:
    """Return what became of everything."""
    async with open_live(data) as live:
        await live.warm()
        upload = Upload("ada.wav", encode(speech_samples(6), 24_000, "wav", "pcm_s16le"))
        members = Members(live, upload)
        calls = [await live.new_call() for _ in range(GUILDS)]
        async with asyncio.TaskGroup() as busy:
            for call in calls:
                busy.create_task(members.speak(call))
            busy.create_task(members.enrol(calls[0]))
            await kill_again_and_again(members, kills, random.Random(seed))
            members.done.set()
        await wait_until(lambda: live.backstage.engine.ready, PATIENCE_SECONDS, "the engine")
        return {
            "outcomes": members.outcomes,
            "last": await asyncio.gather(*map(members.say, calls)),
            "out of turn": members.said_out_of_turn(),
        }


def main() -> None:
    """Kill and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    configure_logging("critical", "json")
    logging.getLogger("dave").setLevel(logging.CRITICAL)
    vars(bot.engines)["EngineClient"] = functools.partial(EngineClient, open_engine=open_quick)
    with tempfile.TemporaryDirectory(prefix="killing-") as folder:
        tempfile.tempdir = folder
        os.environ["TMPDIR"] = folder
        data = Path(folder) / "data"
        report = asyncio.run(kill_while_they_speak(data, options.kills, options.seed))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
