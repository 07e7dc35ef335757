"""How each command, menu and button is used, by its name in table.md, and what it says then."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.results import InteractionResult

from cogs.speakers.recent import Speaking
from storage.reach import SharingChange
from storage.setting_values import DEFAULT_VOICE
from storage.types import Reach, VoiceProfile
from tests.cogs.access.people import People, Place, told

RECORDING = ("me.m4a", b"a recording")
HIDDEN = "(hidden)"
"""What is read where Discord does not show a command."""


@dataclass(frozen=True)
class Cell:
    """Who uses something, where, and on which voice of the owner's."""

    here: People
    kind: str
    voice: VoiceProfile

    @property
    def member(self) -> MemberActor:
        return self.here.members[self.kind]

    @property
    def place(self) -> Place:
        return self.here.place_of(self.kind)

    async def slash(self, name: str, /, **options: Any) -> InteractionResult:
        return await self.member.slash(self.place.text, name, **options)

    async def slash_as(self, kind: str, name: str, /, **options: Any) -> InteractionResult:
        return await self.here.members[kind].slash(self.here.home.text, name, **options)

    async def reach(self, reach: Reach) -> None:
        change = SharingChange(reach=reach)
        await self.here.world.bot.services.reach.share(
            self.voice.id, change, by="owner", actor=self.voice.owner_id
        )

    async def menu(self, name: str, author: MemberActor, *files: Any) -> InteractionResult:
        message = await author.send(self.place.text, "Hello.", attachments=files)
        return await self.member.context_menu(self.place.text, name, message)

    @property
    def bystander(self) -> MemberActor:
        """Somebody else on the same server, with no voice."""
        away, members = self.place is self.here.away, self.here.members
        return (
            self.here.neighbour
            if away
            else members["admin" if self.kind != "admin" else "stranger"]
        )

    async def voice_message(self, author: MemberActor) -> discord.Message:
        """Return a message with the flag that Discord sets for those recorded in a client."""
        message = await author.send(self.place.text, attachments=[RECORDING])
        stored = self.here.env.backend.get_message(self.place.text.id, message.id)
        stored.flags = discord.MessageFlags(voice=True).value
        return message

    async def choose(self) -> None:
        """Have the voice be the member's choice, as it may have been when they still might."""
        await self.here.world.settings.change_member(
            self.place.guild.id, self.member.id, DEFAULT_VOICE, self.voice.id
        )

    async def put(self, table: str, *values: Any) -> None:
        async def work(execute: Any) -> None:
            marks = ", ".join("?" * len(values))
            await execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)

        await self.here.world.store.database.write(work)


Run: TypeAlias = Callable[[Cell], Awaitable[InteractionResult]]


@dataclass(frozen=True)
class Use:
    """run: uses it. works: a part of what is read when it does what it is for."""

    run: Run
    works: str

    async def by(self, cell: Cell) -> str:
        """Return what the member reads."""
        try:
            return told(await self.run(cell))
        except SetupError as error:
            if "not visible" in str(error):
                return HIDDEN
            raise


USES: dict[str, Use] = {}
VOICE: Any = object()


def command(name: str, works: str, /, **options: Any) -> None:
    """Add a use of a command. options: `VOICE` stands for the name of the voice."""

    async def run(cell: Cell) -> InteractionResult:
        named = {key: cell.voice.name for key, value in options.items() if value is VOICE}
        return await cell.slash(name, **options | named)

    USES[" ".join([f"/{name}", *(f"{key}:" for key in options)])] = Use(run, works)


def use(name: str, works: str) -> Callable[[Run], Run]:
    def add(run: Run) -> Run:
        USES[name] = Use(run, works)
        return run

    return add


command("say", "speaks as “Ben ", text="Hello.", voice=VOICE)
command("say", "Spoken by “Ben ", text="Hello.", voice=VOICE, file=True)
command("voice info", "Belongs to", voice=VOICE)
command("voice list", "**Ben ")
command("voice preview", "This is “Ben ", voice=VOICE)
command("voice default", "speaks for you on this server from now on", voice=VOICE)
command("voice default", "now speaks for everybody here", voice=VOICE, server=True)
command("voice rename", "is now called", voice=VOICE, name="Another name")
command("voice tune", "speaks with exaggeration 0.7", voice=VOICE, exaggeration=0.7)
command("voice replace", "Another recording for", voice=VOICE, sample=RECORDING)
command("voice restore", "There is no earlier recording of", voice=VOICE)
command("voice delete", "Its recording is deleted too, for good", voice=VOICE)
command("voice usage", "Who spoke as", voice=VOICE)
command("voice share", "Who may speak as", voice=VOICE)
command("voice pause", "is paused: nobody can speak as it", voice=VOICE)
command("enroll", "New voice “", sample=RECORDING, name="A new voice")
command("enroll", "1. Read this aloud", name="A new voice")
command("dictionary hear", "Nothing is saved yet", written="brb", spoken="right back", voice=VOICE)
command("dictionary add", "brb", written="brb", spoken="be right back")
command("dictionary add", "brb", written="brb", spoken="be right back", server=True)
command("dictionary remove", "There is no such entry", written="xyz")
command("dictionary list", "Your dictionary")
command("dictionary export", "")
command("dictionary import", "0 entries added", file=("entries.json", b'{"entries": []}'))
command("join", "I am in <#")
command("read start", "aloud in <#")
command("read status", "")
command("read stop", "I ")
command("queue", "Queue")
command("skip", "Nothing is being said")
command("stop", "Nothing is being said")
command("leave", "I left the voice channel")
command("help", "What you can do now")
command("me", "You on this server")
command("settings", "Settings of this server")
command("audit", "Audit trail (")
command("privacy export", "everything that is stored about you")
command("privacy delete", "This deletes everything that is stored about you")


@use("/say (everybody's)", "speaks as “Ben ")
async def say_everybodys(cell: Cell) -> InteractionResult:
    await cell.reach("everybody")
    return await cell.slash("say", text="Hello.", voice=cell.voice.name)


@use("/say (only the owner's)", "speaks as “Ben ")
async def say_owners(cell: Cell) -> InteractionResult:
    await cell.reach("owner")
    return await cell.slash("say", text="Hello.", voice=cell.voice.name)


@use("/say (paused)", "speaks as “Ben ")
async def say_paused(cell: Cell) -> InteractionResult:
    await cell.slash_as("owner", "voice pause", voice=cell.voice.name)
    return await cell.slash("say", text="Hello.", voice=cell.voice.name)


@use("/voice resume voice:", "can speak again")
async def resume(cell: Cell) -> InteractionResult:
    await cell.slash_as("owner", "voice pause", voice=cell.voice.name)
    return await cell.slash("voice resume", voice=cell.voice.name)


@use("/voice block member:", "cannot speak as any voice of yours")
async def block(cell: Cell) -> InteractionResult:
    return await cell.slash("voice block", member=cell.bystander)


@use("/voice unblock member:", "is not blocked any more")
async def unblock(cell: Cell) -> InteractionResult:
    await cell.put("voice_blocks", cell.place.guild.id, cell.member.id, cell.bystander.id)
    return await cell.slash("voice unblock", member=cell.bystander)


@use("/voice blocks", "locked member")  # with a number, or "Blocked members" for none
async def blocks(cell: Cell) -> InteractionResult:
    return await cell.slash("voice blocks")


@use("Speak this", "speaks as “Ben ")
async def speak_this(cell: Cell) -> InteractionResult:
    """The voice is the member's choice."""
    if cell.place is cell.here.home:
        await cell.choose()
    return await cell.menu("Speak this", cell.bystander)


@use("Speak this as its author", "speaks as “Ben ")
async def speak_as_author(cell: Cell) -> InteractionResult:
    """The owner wrote it; on the other server somebody who has no voice there."""
    away = cell.place is cell.here.away
    author = cell.member if away else cell.here.members["owner"]
    return await cell.menu("Speak this as its author", author)


@use("Make this my voice (one's own)", "[Make this my voice]")
async def make_own(cell: Cell) -> InteractionResult:
    message = await cell.voice_message(cell.member)
    return await cell.member.context_menu(cell.place.text, "Make this my voice", message)


@use("Make this my voice (another's)", "[Make this my voice]")
async def make_anothers(cell: Cell) -> InteractionResult:
    owner = cell.here.members["owner"]
    author = owner if cell.place is cell.here.home and cell.member is not owner else cell.bystander
    message = await cell.voice_message(author)
    return await cell.member.context_menu(cell.place.text, "Make this my voice", message)


@use("Was this made here?", " as “Ben ")
async def made_here(cell: Cell) -> InteractionResult:
    """The owner had it spoken on the home server."""
    spoken = await cell.here.spoken_file(cell.voice)
    return await cell.menu("Was this made here?", cell.bystander, ("a.ogg", spoken))


@use("[Report]", "[Report who spoke]")
async def report(cell: Cell) -> InteractionResult:
    """Under a line of the home server; the other server's member claims it stood on theirs."""
    speaking = Speaking(
        cell.here.home.voice.id, cell.here.members["stranger"].id, cell.voice.id, "Ben",
        cell.voice.owner_id, int(time.time()),
    )  # fmt: skip
    return await cell.here.press_under_line(cell.member, cell.place, speaking)
