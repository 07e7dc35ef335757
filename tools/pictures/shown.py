"""What a picture shows: what a member sees, as the bot sent it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from loopback import Attachment, Message

Payload: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A message of the bot as it was at that moment.

    command: what the member had used; "" for what the bot writes by itself.
    """

    member: str
    command: str
    content: str
    embeds: tuple[Payload, ...]
    components: tuple[Payload, ...]
    attachments: tuple[Attachment, ...]
    ephemeral: bool

    @classmethod
    def of(cls, member: str, command: str, message: Message) -> Answer:
        """Keep what a message shows now; the bot may edit it later."""
        return cls(
            member,
            command,
            message.content,
            tuple(deepcopy(message.embeds)),
            tuple(deepcopy(message.components)),
            tuple(message.attachments),
            message.ephemeral,
        )


@dataclass(frozen=True)
class Dialog:
    """A modal, as the bot sent it."""

    modal: Payload


@dataclass(frozen=True)
class Typing:
    """A command while it is typed: its definition as registered, and what was filled in.

    focused: the option being typed into. choices: what the bot offers for it.
    """

    command: str
    definition: Payload
    filled: Mapping[str, str]
    focused: str | None = None
    choices: tuple[str, ...] = ()


Shown: TypeAlias = Answer | Dialog | Typing
