"""Scenes: what members do so that an answer can be shown, and the register of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from loopback import Channel, Interaction, Message, Person, Role, wait_until
from loopback.model import Member
from tools.pictures.shown import Answer, Dialog, Payload, Shown, Typing
from tools.pictures.stage import DISCORD_LOCALES, Stage

ANSWER_SECONDS = 30.0

LANGUAGES = {"de": "in German"}
BOTH = ("en", "de")
"""The languages of panels, which the server's people see in their own."""

Play: TypeAlias = Callable[["Act"], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A picture in each of its languages. alt: what it shows, for who cannot see it.

    commands: the ones that it shows, such as "voice list". answers: members of enumerations of
    outcomes, and classes of views and dialogs, that it shows. page: of docs/, where it stands.
    """

    name: str
    alt: str
    commands: tuple[str, ...]
    answers: tuple[object, ...]
    play: Play
    page: str = "members"
    languages: tuple[str, ...] = ("en",)

    def files(self) -> dict[str, str]:
        """Return the names of the pictures' files, by language, and without their suffix."""
        return {
            language: self.name if language == "en" else f"{self.name}-{language}"
            for language in self.languages
        }

    def alt_in(self, language: str) -> str:
        """Return what the picture in a language shows."""
        return self.alt if language == "en" else f"{self.alt} ({LANGUAGES[language]})"


SCENES: dict[str, Scene] = {}
"""By name."""


def scene(
    name: str,
    alt: str,
    *commands: str,
    answers: tuple[object, ...] = (),
    page: str = "members",
    languages: tuple[str, ...] = ("en",),
) -> Any:
    """Register a function that plays a scene."""

    def register(play: Play) -> Play:
        if name in SCENES:
            raise ValueError(f"There are two scenes named {name}.")
        SCENES[name] = Scene(name, alt, commands, answers, play, page, languages)
        return play

    return register


@dataclass
class Act:
    """One scene while it is played: who acts does so here, and `shown` keeps what they see."""

    stage: Stage
    language: str = "en"
    shown: list[Shown] = field(default_factory=list)
    commands: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.place = self.stage.place(self.language)
        self.guild, self.ada, self.ben, self.mo = (
            self.place.guild,
            self.place.ada,
            self.place.ben,
            self.place.mo,
        )

    async def ask(self, member: Person, command: str, /, **options: Any) -> Message:
        """Use a command, wait for its answer, show nothing yet."""
        self.commands.add(command)
        return await member.slash(command, **options).answered(ANSWER_SECONDS)

    async def show(self, member: Person, command: str, /, **options: Any) -> Message:
        """Use a command and show its answer."""
        message = await self.ask(member, command, **options)
        self.keep(member, command, message)
        return message

    def keep(self, member: Person, command: str, message: Message) -> None:
        """Show a message as it is now."""
        self.shown.append(Answer.of(member.user.name, self.localised(command), message))

    async def keep_posted(self, channel: Channel, text: str) -> Message:
        """Show what the bot writes in a channel for all to see, once it holds a text."""

        def posted() -> list[Message]:
            messages = self.stage.discord.world.messages.values()
            return [
                each for each in messages if each.channel_id == channel.id and text in each.content
            ]

        await wait_until(lambda: bool(posted()), ANSWER_SECONDS, f"{text!r} in {channel.name}")
        self.shown.append(Answer.of("", "", posted()[-1]))
        return posted()[-1]

    def keep_dialog(self, opened: Interaction) -> None:
        """Show the dialog that an interaction opened."""
        assert opened.modal is not None
        self.shown.append(Dialog(opened.modal))

    async def press(
        self, member: Person, message: Message, show: str | None = None, **which: Any
    ) -> Interaction:
        """Press a button and wait for what it does. show: the command under which to show it."""
        seen = len(message.revisions)
        pressed = member.press(message, **which)
        await pressed.until(
            lambda i: i.modal or i.followups or len(message.revisions) > seen or _other(i, message),
            ANSWER_SECONDS,
        )
        if show is not None and pressed.modal is not None:
            self.shown.append(Dialog(pressed.modal))
        elif show is not None:
            self.keep(member, show, pressed.messages[-1] if pressed.messages else message)
        return pressed

    async def choose(
        self, member: Person, message: Message, value: str, show: str | None = None, **which: Any
    ) -> None:
        """Choose in a menu and wait for what it does. show: as of `press`."""
        seen = len(message.revisions)
        chosen = member.select(message, [value], **which)
        await chosen.until(lambda _: len(message.revisions) > seen, ANSWER_SECONDS)
        if show is not None:
            self.keep(member, show, message)

    async def pick(
        self,
        member: Person,
        message: Message,
        chosen: Sequence[Member | Role],
        show: str | None = None,
        **which: Any,
    ) -> None:
        """Choose members or roles in a menu and wait for what it does. show: as of `press`."""
        seen = len(message.revisions)
        picked = member.pick(message, chosen, **which)
        await picked.until(lambda _: len(message.revisions) > seen, ANSWER_SECONDS)
        if show is not None:
            self.keep(member, show, message)

    async def fill(self, member: Person, opened: Interaction, message: Message, text: str) -> None:
        """Submit a dialog with one field, and wait for what becomes of the message under it."""
        seen = len(message.revisions)
        submitted = member.submit(opened, text=text)
        await submitted.until(lambda _: len(message.revisions) > seen, ANSWER_SECONDS)

    async def typing(
        self, member: Person, command: str, focused: str, typed: str, /, **filled: str
    ) -> None:
        """Show what the bot offers while a member types into an option."""
        self.commands.add(command)
        offered = await member.autocomplete(command, focused, typed)
        options, choices = {**filled, focused: typed}, tuple(map(str, offered))
        self.shown.append(Typing(command, self.definition(command), options, focused, choices))

    def form(self, command: str, **filled: str) -> None:
        """Show a command with its options, as registered with Discord."""
        self.commands.add(command)
        self.shown.append(Typing(command, self.definition(command), filled))

    def localised(self, command: str) -> str:
        """Return what a command is called in the client of the people of this scene."""
        here = DISCORD_LOCALES[self.language]
        nodes: list[Payload] = self.stage.discord.world.commands[None]
        # The entries of a message's menu have names with spaces.
        whole = any(node["name"] == command for node in nodes)
        words = [command] if whole else command.split()
        names = []
        for word in words:
            node: Payload = next((each for each in nodes if each["name"] == word), {})
            names.append((node.get("name_localizations") or {}).get(here) or word)
            nodes = node.get("options") or []
        return " ".join(names)

    def definition(self, command: str) -> Payload:
        """Return a command's definition, or a subcommand's, as the bot registered it."""
        first, *rest = command.split()
        registered = self.stage.discord.world.commands[None]
        node: Payload = next(each for each in registered if each["name"] == first)
        for word in rest:
            node = next(each for each in node["options"] if each["name"] == word)
        return node

    @asynccontextmanager
    async def shared_voice(self, name: str) -> AsyncIterator[int]:
        """Have the operator share a voice with all servers, for as long as it is shown."""
        voice = await self.stage.add_voice(self.place, name)
        try:
            yield voice
        finally:
            await self.stage.world.store.delete(voice)

    async def closed(self, message: Message) -> None:
        """Wait until a message has no buttons any more."""
        await wait_until(lambda: not message.components, ANSWER_SECONDS, "the end of the buttons")

    async def until(self, message: Message, text: str) -> None:
        """Wait until a message holds a text."""
        await wait_until(lambda: text in message.content, ANSWER_SECONDS, f"{text!r}")


def _other(interaction: Interaction, source: Message) -> bool:
    """Whether a press was answered with a message of its own."""
    return interaction.message is not None and interaction.message is not source
