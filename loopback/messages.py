"""Messages: how they are made, edited and shown."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .cdn import Attachment, Cdn, Upload
from .ids import timestamp
from .model import Payload, User

EPHEMERAL = 1 << 6
SILENT = 1 << 12
"""Sent with `@silent`: nobody is notified."""

HAS_SNAPSHOT = 1 << 14
_REPLY = 19
_FORWARD = 1
_MENTIONS = {
    "users": re.compile(r"<@!?(\d+)>"),
    "roles": re.compile(r"<@&(\d+)>"),
    "everyone": re.compile(r"@(everyone|here)\b"),
}


@dataclass(frozen=True, slots=True)
class Revision:
    """How a message once looked. `at` is time.monotonic()."""

    at: float
    content: str
    embeds: Sequence[Payload]


@dataclass(slots=True)
class Message:
    """A message as those who may see it see it now; `revisions` has every earlier look too."""

    id: int
    channel_id: int
    guild_id: int | None
    author: User
    flags: int = 0
    content: str = ""
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mentioned: list[User] = field(default_factory=list)
    replied: Message | None = None
    pings_replied: bool = True
    forwarded: Message | None = None
    stickers: list[str] = field(default_factory=list)
    poll: str | None = None
    allowed_mentions: Payload | None = None
    interaction: Payload | None = None
    seen_by: int | None = None
    revisions: list[Revision] = field(default_factory=list)
    created_at: str = field(default_factory=timestamp)
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        """Whether only one member (`seen_by`) sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def pings(self) -> list[str]:
        """Ids of the users and roles (and "everyone", "here") whom the message notifies."""
        allowed = self.allowed_mentions
        named = [(kind, name) for kind, p in _MENTIONS.items() for name in p.findall(self.content)]
        if allowed is None:
            return [name for _, name in named]
        parsed, listed = allowed.get("parse") or [], allowed.get
        return [n for kind, n in named if kind in parsed or n in map(str, listed(kind) or [])]

    def apply(self, body: Payload, uploads: Sequence[Upload], cdn: Cdn) -> None:
        """Change what the body names and keep the rest, as POST and PATCH do."""
        self.content = self.content if "content" not in body else str(body["content"] or "")
        self.embeds = self.embeds if "embeds" not in body else list(body["embeds"] or [])
        if "components" in body:
            self.components = list(body["components"] or [])
        if "allowed_mentions" in body:
            self.allowed_mentions = body["allowed_mentions"]
        self._apply_attachments(body, uploads, cdn)
        self.revisions.append(Revision(time.monotonic(), self.content, list(self.embeds)))

    def _apply_attachments(self, body: Payload, uploads: Sequence[Upload], cdn: Cdn) -> None:
        entries = body.get("attachments") or []
        described = {str(entry["id"]): entry.get("description") for entry in entries}
        if "attachments" in body:
            kept = {str(entry["id"]) for entry in entries}
            self.attachments = [a for a in self.attachments if str(a.id) in kept]
        for index, upload in enumerate(uploads):
            upload = replace(upload, description=described.get(str(index)))
            stored = cdn.store(self.channel_id, upload, ephemeral=self.ephemeral)
            self.attachments.append(stored)

    def component(self, **wanted: Any) -> Payload:
        """Return the one component with these properties, e.g. `label="Save"`; else KeyError."""
        found = [c for c in walk_components(self.components) if wanted.items() <= c.items()]
        if len(found) != 1:
            shown = [c.get("label") or c.get("custom_id") for c in walk_components(self.components)]
            raise KeyError(f"{len(found)} components match {wanted}; the message has {shown}")
        return found[0]

    def payload(self) -> Payload:
        """Return Discord's message object."""
        edited = timestamp() if len(self.revisions) > 1 else None
        by_application = {"application_id": str(self.author.id)} if self.author.bot else {}
        from_interaction = (
            {"interaction_metadata": self.interaction, "webhook_id": str(self.author.id)}
            if self.interaction
            else {}
        )
        return {
            **_PLAIN_MESSAGE,
            **by_application,
            **from_interaction,
            **self._references(),
            **self._extras(),
            "id": str(self.id),
            "channel_id": str(self.channel_id),
            "author": self.author.payload(),
            "content": self.content,
            "mentions": [user.payload() for user in self.mentioned],
            "mention_roles": _MENTIONS["roles"].findall(self.content),
            "timestamp": self.created_at,
            "edited_timestamp": edited,
            "flags": self.flags,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [attachment.payload() for attachment in self.attachments],
        }

    def _references(self) -> Payload:
        """Return what says whose message this one answers or passes on."""
        if self.replied is not None:
            reference = _reference(self.replied)
            shown = None if self.replied.deleted else self.replied.payload()
            return {"type": _REPLY, "message_reference": reference, "referenced_message": shown}
        if self.forwarded is not None:
            reference = {**_reference(self.forwarded), "type": _FORWARD}
            snapshot = {"message": _snapshot(self.forwarded)}
            return {"message_reference": reference, "message_snapshots": [snapshot]}
        return {}

    def _extras(self) -> Payload:
        stickers = [
            {"id": str(n), "name": s, "format_type": 1} for n, s in enumerate(self.stickers)
        ]
        poll = {} if self.poll is None else {"poll": _poll(self.poll)}
        return {"sticker_items": stickers, **poll}


def _reference(message: Message) -> Payload:
    guild = {} if message.guild_id is None else {"guild_id": str(message.guild_id)}
    return {"message_id": str(message.id), "channel_id": str(message.channel_id), **guild}


def _snapshot(message: Message) -> Payload:
    """Return the part of a message that a forward carries."""
    kept = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags")
    more = ("mentions", "mention_roles", "sticker_items", "components")
    payload = message.payload()
    return {key: payload[key] for key in (*kept, *more)}


def _poll(question: str) -> Payload:
    answers = [{"answer_id": n, "poll_media": {"text": t}} for n, t in enumerate(("yes", "no"), 1)]
    return {
        "question": {"text": question},
        "answers": answers,
        "expiry": timestamp(),
        "allow_multiselect": False,
        "layout_type": 1,
    }


def mentioned_ids(content: str) -> list[int]:
    """Return the ids of the users whom a text mentions."""
    return [int(user_id) for user_id in _MENTIONS["users"].findall(content)]


def walk_components(components: Sequence[Payload]) -> Iterator[Payload]:
    """Yield every component, also those inside rows, sections, containers and labels."""
    for component in components:
        yield component
        yield from walk_components(component.get("components", []))
        inner = [component[key] for key in ("accessory", "component") if key in component]
        yield from walk_components(inner)


_PLAIN_MESSAGE: Payload = {
    "type": 0,
    "tts": False,
    "pinned": False,
    "mention_everyone": False,
    "mention_roles": [],
    "reactions": [],
}
