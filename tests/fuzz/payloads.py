"""Discord's payloads, as they must not be: interactions of every kind and events of the gateway.

After each batch the bot answers an honest command, in the same session, and its log holds no
traceback but those that a member got the number of.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from bot.client import MynahBot
from bot.session import stay_online
from loopback import LoopbackDiscord, Person, Upload, wait_until
from loopback.ids import snowflake
from storage.voices import VoiceStore
from tests.cogs.world import World
from tests.endurance import progress
from tests.fuzz.payload_mutations import mutated
from tests.fuzz.payload_templates import Template, Templates
from tests.fuzz.report import Report

NAME = "payloads"
CASES = 20_000
QUICK = 0  # sockets: `make test-e2e` tries some
BATCH = 40
ANSWER_SECONDS = 15.0


def run(cases: int, seed: int, corpus: Path) -> Report:
    """Try what is kept, then so many in all."""
    with tempfile.TemporaryDirectory(prefix="payloads-") as folder:
        return asyncio.run(_run(cases, seed, corpus, Path(folder)))


class Complaints(logging.Handler):
    """What is logged that must not be: tracebacks and errors without a number."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.found: list[str] = []
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a record of asyncio's or a library's."""
        # discord.py says in an error line, and without a traceback, that a connection is lost.
        lost = record.name.startswith("discord.") and not record.exc_info
        loud = record.exc_info or (record.levelno >= logging.ERROR and not lost)
        if loud and not hasattr(record, "reference"):
            error = record.exc_info[1] if record.exc_info else ""
            self.found.append(f"{record.name}: {record.getMessage()[:300]} {error!r}")

    def take(self, _logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        """Take in one of the bot's, as a processor of structlog's."""
        text = str(event.get("event"))
        self.counts[text] += 1
        unnumbered = event.get("exc_info") and "reference" not in event
        if unnumbered or text == "the Discord client failed":
            self.found.append(f"{text}: {event.get('exc_info')!r}")
        raise structlog.DropEvent


@contextlib.contextmanager
def _listening() -> Iterator[Complaints]:
    complaints, root = Complaints(), logging.getLogger()
    before = structlog.get_config()
    structlog.configure(
        processors=[complaints.take],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    root.addHandler(complaints)
    try:
        yield complaints
    finally:
        root.removeHandler(complaints)
        structlog.configure(**before)


@dataclass
class Subject:
    """A bot that is online, and who uses it honestly."""

    discord: LoopbackDiscord
    person: Person
    bots: list[MynahBot]
    complaints: Complaints
    templates: list[Template] = field(default_factory=list)
    ids: Sequence[str] = ()

    def send(self, template: Template) -> None:
        """Let the gateway tell it."""
        for session in self.discord.gateway.sessions.values():
            session.dispatch(template.name, template.data)

    async def honest(self) -> str:
        """Return what is wrong after a batch; empty if all is well."""
        guild = self.person.guild
        told = Template("GUILD_CREATE", guild.create_payload(self.discord.world.bot.id))
        self.send(told)
        answer = self.person.slash("queue")
        try:
            await wait_until(lambda: answer.messages, ANSWER_SECONDS, "the answer")
        except TimeoutError:
            return "an honest command got no answer"
        with contextlib.suppress(TimeoutError):
            await wait_until(lambda: not _at_work(), ANSWER_SECONDS, "the end of all answers")
        gc.collect()  # of tasks whose errors nobody has asked for
        await asyncio.sleep(0)
        found, self.complaints.found = self.complaints.found, []
        if found:
            return found[0]
        return "" if len(self.bots) == 1 else "another client had to be made"


def _at_work() -> list[str]:
    names = [task.get_name() for task in asyncio.all_tasks() if not task.done()]
    ours = ("CommandTree-", "discord-ui-", "discord.py:")
    return [name for name in names if name.startswith(ours)]


@asynccontextmanager
async def _online(folder: Path) -> AsyncIterator[Subject]:
    with _listening() as complaints:
        async with LoopbackDiscord() as discord, VoiceStore.open(folder) as store:
            discord.gateway.allowed_privileged_intents = 1 << 15
            guild, other = discord.add_guild(), discord.add_guild("Other")
            person, world = discord.owner(guild), World(store)
            await world.add_voice("Anna", guild.id, person.id)
            bots: list[MynahBot] = []

            def make_bot(message_content: bool) -> MynahBot:
                bots.append(
                    world.make_bot(connector=discord.connector(), message_content=message_content)
                )
                return bots[-1]

            stop = asyncio.Event()
            running = asyncio.create_task(
                stay_online(make_bot, discord.token, stop, message_content=True)
            )
            await discord.gateway.wait_ready()
            await wait_until(lambda: bots[0].is_ready() and bots[0].guilds, 10, "the guilds")
            subject = Subject(discord, person, bots, complaints)
            subject.ids = [
                *(str(each) for each in (guild.id, other.id, other.text.id, other.owner_id)),
                *(str(each) for each in (guild.text.id, guild.voice.id, person.id)),
                str(discord.world.bot.id), str(snowflake()), "0", "-1", str(2**64), "x",
            ]  # fmt: skip
            try:
                yield subject
            finally:
                stop.set()
                await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 15)


async def _panels(subject: Subject) -> None:
    """Have every message shown that has buttons or menus."""
    ada = subject.person
    upload = Upload("me.wav", b"recording", "audio/wav")
    for wish in (
        ada.slash("settings"),
        ada.slash("me"),
        ada.slash("voice share", voice="Anna"),
        ada.slash("voice delete", voice="Anna"),
        ada.slash("privacy delete"),
        ada.slash("enroll", name="Ada", sample=upload),
        ada.slash("dictionary remove", everything=True),
        ada.slash("help"),
    ):
        await wish.answered()


async def _run(cases: int, seed: int, corpus: Path, folder: Path) -> Report:
    report, chance = Report(), random.Random(seed)
    async with _online(folder) as subject:
        kept = [_loaded(file, subject) for file in sorted(corpus.glob("*.json"))]
        await _try(subject, kept, report)
        with progress(cases, NAME) as done:
            while report.cases < cases:
                if not subject.templates or chance.random() < 0.1:  # tokens and views end
                    await _panels(subject)
                    message = subject.person.send("Hello there.")
                    made = Templates(subject.discord, subject.person, message)
                    subject.templates = made.all()
                size = min(BATCH, cases - report.cases)
                await _try(subject, [_case(subject, chance) for _ in range(size)], report)
                done(size)
        report.figures["log"] = dict(subject.complaints.counts.most_common(20))
    return report


def _case(subject: Subject, chance: random.Random) -> Template:
    template = chance.choice(subject.templates)
    return Template(template.name, mutated(template.data, chance, subject.ids))


async def _try(subject: Subject, batch: list[Template], report: Report) -> None:
    """Send a batch; where something is wrong after it, find the case that does it."""
    for template in batch:
        subject.send(template)
    wrong = await subject.honest()
    if not wrong:
        for template in batch:
            report.count(template.name)
        return
    before = report.outcomes["failed"]
    for template in batch:
        subject.send(template)
        again = await subject.honest()
        if again:
            report.fail(again, json.dumps({"t": template.name, "d": _named(template, subject)}))
        else:
            report.count(template.name)
    if report.outcomes["failed"] == before:
        report.fail(f"{wrong} (by several together)", "")


def _names(subject: Subject) -> dict[str, str]:
    guild = subject.person.guild
    return {
        str(guild.text.id): "{text}",
        str(guild.voice.id): "{voice}",
        str(subject.person.id): "{member}",
        str(guild.id): "{guild}",
        str(subject.discord.world.bot.id): "{bot}",
    }


def _named(template: Template, subject: Subject) -> Any:
    text = json.dumps(template.data)
    for number, name in _names(subject).items():
        text = text.replace(number, name)
    return json.loads(text)


def _loaded(file: Path, subject: Subject) -> Template:
    text = file.read_text(encoding="utf-8")
    for number, name in _names(subject).items():
        text = text.replace(name, number)
    event = json.loads(text)
    return Template(event["t"], event["d"])
