"""A chat message, as far as reading it aloud needs to know it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from bot.text.names import Names

AttachmentKind = Literal["image", "video", "audio", "voice message", "file"]


def webhook_author(webhook_id: int, name: str) -> int:
    """Return what tells apart whom a webhook writes for, under the name of each; below 2⁶³."""
    digest = hashlib.blake2b(f"{webhook_id}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message. id: for a webhook, see `webhook_author`. name: as the server shows it.

    roles: ids. manages: has Manage Server.
    in_call: whether they are in the voice channel that it is read into.
    """

    id: int
    name: str
    roles: frozenset[int] = frozenset()
    bot: bool = False
    webhook: bool = False
    in_call: bool = True
    manages: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message. names: what the ids in its text stand for, and when it was sent.

    parent_id: of a thread, the channel that it belongs to. reply_to, reply_to_id: the shown name
    and the id of whose message it answers. forwarded: the text of the message that it passes on, ""
    for one without a text; what is attached to that is in `attachments`. stickers: their names.
    poll: its question. embeds: their titles. silent: sent with `@silent`. edited: it is a new
    version.
    """

    id: int
    guild_id: int
    channel_id: int
    author: Author
    content: str
    names: Names = field(default_factory=Names)
    reply_to: str | None = None
    forwarded: str | None = None
    attachments: tuple[AttachmentKind, ...] = ()
    stickers: tuple[str, ...] = ()
    poll: str | None = None
    embeds: tuple[str, ...] = ()
    silent: bool = False
    edited: bool = False
    parent_id: int | None = None
    reply_to_id: int | None = None
