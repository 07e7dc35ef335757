"""Members of five guilds enrol and speak at random, and nothing is left behind.

    python -m tests.e2e.soak [--seconds 120] [--operations 50] [--seed N]
    python -m tests.e2e.soak --minutes M [--seed N] [-o FILE.json] [--picture FILE.png]

Prints what happened as JSON. A program of its own, so that threads, files and tasks are the bot's
(and the loopback Discord's), and the log is that of `mynah run`. With --minutes it is the real
program in a process of its own, with faults of Discord's and workers killed, watched all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import logging
import os
import random
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.logs import configure_logging
from loopback import Interaction, Message, Person, Upload, wait_until
from tests.e2e.live import SAVE, Call, Live, open_live
from tests.e2e.soak import long
from tests.endurance import add_options
from tests.samples import SENTENCES, encode, speech_samples

GUILDS = 5
PATIENCE_SECONDS = 90.0
FORMATS = (("ipod", "aac", "m4a"), ("mp3", "mp3", "mp3"), ("ogg", "libopus", "ogg"))


@dataclass
class Remains:
    """What a process holds; `temporary` is what lies in the folder for temporary files."""

    files: Counter[str] = field(default_factory=Counter)
    threads: Counter[str] = field(default_factory=Counter)
    children: int = 0
    temporary: list[str] = field(default_factory=list)

    def beyond(self, before: Remains) -> dict[str, object]:
        """Return what is there that was not there before, without what is the same."""
        more = {
            "files": dict(self.files - before.files),
            "threads": dict(self.threads - before.threads),
            "children": self.children - before.children,
            "temporary": sorted(set(self.temporary) - set(before.temporary)),
        }
        return {name: excess for name, excess in more.items() if excess}


@dataclass
class Report:
    """What happened. What follows `sentences` should be zero or empty."""

    operations: Counter[str] = field(default_factory=Counter)
    sentences: int = 0
    unreadable: int = 0
    tasks_left: dict[str, int] = field(default_factory=dict)
    left: dict[str, object] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


class Members:
    """The people of all guilds, who enrol, speak and skip at random moments."""

    def __init__(self, live: Live, calls: list[Call], uploads: list[Upload], seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._live = live
        self._calls = calls
        self._uploads = uploads
        self._chance = random.Random(seed)
        self.listeners = [call.listener for call in calls]
        self._owners: dict[int, list[Person]] = {call.guild.id: [call.ada] for call in calls}
        self._names = 0

    async def act(self, operations: int, seconds: float) -> None:
        """Spread the operations over that time; return when all have come to their end."""
        moments = sorted(self._chance.uniform(0, seconds) for _ in range(operations))
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as acts:
            for moment in moments:
                await asyncio.sleep(start + moment - loop.time())
                acts.create_task(self._something(self._chance.choice(self._calls)))

    async def _something(self, call: Call) -> None:
        wishes = (self._say, self._say_in_own_voice, self._enrol, self._enrol_and_discard)
        wish = self._chance.choice(wishes)
        async with asyncio.timeout(PATIENCE_SECONDS):
            outcome = await wish(call)
        self.done[f"{wish.__name__.strip('_')}: {outcome}"] += 1

    async def _say(self, call: Call) -> str:
        return await self._follow(call.ada, call.say(self._text()))

    async def _say_in_own_voice(self, call: Call) -> str:
        """Whoever saved a voice has one; Ada has not, and is led to `/enroll`."""
        member = self._chance.choice(self._owners[call.guild.id])
        return await self._follow(member, member.slash("say", text=self._text()))

    async def _follow(self, member: Person, interaction: Interaction) -> str:
        answer = await interaction.answered()
        if not answer.content.startswith("**"):
            return "refused" if "no voice here yet" in answer.content else answer.content
        if self._chance.random() < 0.3:
            await asyncio.sleep(self._chance.uniform(0, 2))
            member.slash("skip")
        await wait_until(lambda: ended(answer), PATIENCE_SECONDS, f"the end of {answer.content!r}")
        return ended(answer)

    async def _enrol(self, call: Call) -> str:
        member = self._newcomer(call)
        outcome = await self._decide(member, SAVE)
        self.listeners.append(await member.join_voice())
        self._owners[call.guild.id].append(member)
        return outcome

    async def _enrol_and_discard(self, call: Call) -> str:
        return await self._decide(self._newcomer(call), "Discard")

    def _newcomer(self, call: Call) -> Person:
        # Not twice the same: a member's new recording replaces the one they have not decided on.
        self._names += 1
        return self._live.discord.add_person(call.guild, f"Ben {self._names}")

    async def _decide(self, member: Person, button: str) -> str:
        sample = self._chance.choice(self._uploads)
        wish = member.slash("enroll", sample=sample, name=member.user.name)
        card = await wish.answered(PATIENCE_SECONDS)
        member.press(card, label=button)
        await wait_until(lambda: not card.components, PATIENCE_SECONDS, "the end of the card")
        return card.content or card.embeds[0]["title"].split(" ")[0]

    def _text(self) -> str:
        return " ".join(self._chance.sample(SENTENCES, self._chance.randint(1, 3)))


def ended(answer: Message) -> str:
    """Return how an utterance ended according to its answer; empty while it lasts."""
    last = answer.content.splitlines()[-1]
    return last if last in ("Said.", "Skipped.", "Stopped.", "It could not be said.") else ""


async def soak(data: Path, operations: int, seconds: float, seed: int) -> Report:
    """Run the bot and its members; the report lacks what only the finished process can tell."""
    report = Report()
    uploads = recordings()
    async with open_live(data) as live:
        await live.warm()
        calls = [await live.new_call() for _ in range(GUILDS)]
        await asyncio.gather(*(greet(call) for call in calls))
        before = task_names()
        members = Members(live, calls, uploads, seed)
        await members.act(operations, seconds)
        report.operations = members.done
        report.unreadable = sum(listener.unreadable for listener in members.listeners)
        await asyncio.gather(*(rest(call) for call in calls))
        report.tasks_left = await tasks_beyond(before)
        report.sentences = sum(map(len, live.desk.spoken.values()))
    return report


async def greet(call: Call) -> None:
    """Bring the bot into the channel and leave again, so that everything was used once."""
    call.say("Hello there.")
    await call.heard_to_the_end()
    await rest(call)


async def rest(call: Call) -> None:
    """Send the bot out of the channel."""
    if call.bot_is_there:
        await call.ada.slash("leave").answered()


async def tasks_beyond(before: Counter[str]) -> dict[str, int]:
    """Return the tasks that were not there before, once those that are ending have ended."""
    try:
        await wait_until(lambda: not task_names() - before, 10, "the end of all tasks")
    except TimeoutError:
        return dict(task_names() - before)
    return {}


def task_names() -> Counter[str]:
    """Return the coroutines that run as tasks, by name.

    Not the loopback server's own: it has one for each connection that the bot keeps open for later.
    """
    coroutines = (task.get_coro() for task in asyncio.all_tasks() if not task.done())
    names = Counter(getattr(coroutine, "__qualname__", "?") for coroutine in coroutines)
    del names["RequestHandler.start"]
    return names


def remains() -> Remains:
    """Look at this process."""
    gc.collect()
    process = psutil.Process()
    opened = Counter(file.path for file in process.open_files())
    return Remains(
        opened + Counter({"descriptors in all": process.num_fds()}),
        Counter(thread.name for thread in threading.enumerate()),
        len(process.children(recursive=True)),
        [str(path) for path in Path(tempfile.gettempdir()).rglob("*")],
    )


def recordings() -> list[Upload]:
    """Return the same speaker's recordings in several formats."""
    samples = speech_samples(6)
    return [
        Upload(f"ada.{ending}", encode(samples, 48_000, container, codec), f"audio/{ending}")
        for container, codec, ending in FORMATS
    ]


def main() -> int:
    """Soak and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--operations", type=int, default=50)
    parser.add_argument("--minutes", type=float, help="the real program for so long, with faults")
    parser.add_argument("--kills", type=int, help="of workers, with --minutes (one in ten minutes)")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="with --minutes")
    parser.add_argument("--log", type=Path, metavar="FILE.jsonl", help="keep the program's log")
    add_options(parser)
    options = parser.parse_args()
    if options.minutes is not None:
        if options.kills is None:
            options.kills = round(options.minutes * long.KILLS_A_MINUTE)
        return long.main(options)
    log = io.StringIO()
    configure_logging("warning", "json", stream=log)
    # The listeners' library. What they should hear and cannot is counted as `unreadable`.
    logging.getLogger("dave").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        tempfile.tempdir = folder  # for the bot; its children learn it from the environment
        os.environ["TMPDIR"] = folder
        recordings()  # loads the sample voice and its libraries
        before = remains()
        data = Path(folder) / "data"
        report = asyncio.run(soak(data, options.operations, options.seconds, options.seed))
        after = remains()
        after.temporary = [path for path in after.temporary if not path.startswith(str(data))]
    report.left = after.beyond(before)
    report.complaints = log.getvalue().splitlines()
    print(json.dumps(vars(report), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
