"""What is to be read aloud, until it was heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.reading.cut import as_long
from bot.reading.message import Author
from bot.reading.place import Context
from bot.reading.speaker import Speaker
from bot.reading.spoken import SpokenPart
from bot.settings.member import MemberSettings
from bot.text.names import Names

Compose = Callable[[str | None], tuple[SpokenPart, ...]]
"""Makes what is said, given how its author is called before it, None for not at all."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said when a reading's turn comes.

    parts: in order; each is an utterance of its own to the engine. hurry: by what factor faster
    than usual, 1 to 1.5, because much waits.
    """

    parts: tuple[SpokenPart, ...]
    hurry: float = 1.0


@dataclass(eq=False, slots=True)
class Reading:
    """Something to be read aloud: a message, that somebody came or went, how many were left out.

    member_id: whom it is of; 0 is nobody. webhook: the name of whom a webhook writes for, who is no
    member. context: the settings, those of that member among them. own: the settings of whoever it
    is spoken for, None where that is the same member. speaks: who is asked about the voice; None is
    nobody, who may speak in everybody's.
    compose: see `Compose`. names: what mentions stand for. message_id: None if it is no message.
    name: how its author is called where they have to be named, None for never.
    repeats: what the member would repeat by having it said again; "" for what may be repeated.
    said: once its turn came. told: how many messages a notice says were left out; None for others.
    """

    guild_id: int
    member_id: int
    speaker: Speaker
    context: Context
    compose: Compose = field(repr=False)
    names: Names = field(default_factory=Names)
    message_id: int | None = None
    name: str | None = None
    repeats: str = ""
    said: Said | None = None
    told: int | None = None
    webhook: str | None = None
    own: MemberSettings | None = None
    speaks: Author | None = None

    @property
    def text(self) -> str:
        """What is said apart from the name, raw, for /queue."""
        return " ".join(part.text for part in self.compose(None))

    @property
    def spoken(self) -> str:
        """What takes about as long to say, for an estimate of its length."""
        return as_long(self.text)
