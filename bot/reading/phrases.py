"""What is said around messages, in the current language.

Each phrase ends where a pause fits: what follows is said after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from babel.lists import format_list

from bot.i18n import _, ngettext
from bot.reading.message import AttachmentKind
from bot.reading.names import short_name

MOST_NAMED = 3
"""Stickers of one message that are named; Discord's own bound."""


def says(name: str | None) -> str:
    """Return what comes before an ordinary text."""
    return _("{name} says:").format(name=name) if name else ""


def answers(name: str | None, other: str) -> str:
    """Return what comes before an answer to a message of `other`."""
    if name is None:
        return _("In reply to {other}:").format(other=other)
    return _("{name} answers {other}:").format(name=name, other=other)


def forwards(name: str | None) -> str:
    """Return what comes before a message that somebody passes on."""
    return _("{name} forwards:").format(name=name) if name else _("Forwarded:")


def forwards_something(name: str | None) -> str:
    """Return what is said of a message that is passed on and has nothing to say in it."""
    return _("{name} forwards a message.").format(name=name) if name else _("A forwarded message.")


def asks(name: str | None) -> str:
    """Return what comes before the question of a poll."""
    return _("{name} asks in a poll:").format(name=name) if name else _("A poll:")


def shows(name: str | None) -> str:
    """Return what comes before the titles of embeds."""
    return _("{name} shows:").format(name=name) if name else ""


def sends(name: str | None, things: str) -> str:
    """Return what is said of attachments and stickers."""
    return _("{name} sends {things}.").format(name=name, things=things) if name else things


def and_so_on() -> str:
    """Return what ends a text that was cut."""
    return _("And so on.")


def left_out(count: int) -> str:
    """Return what is said of messages that were dropped."""
    return ngettext("One message left out.", "{count} messages left out.", count).format(
        count=count
    )


def joins(name: str) -> str:
    """Return what is said when a member enters the voice channel."""
    return _("{name} joined.").format(name=name)


def back() -> str:
    """Return what is said when reading goes on after a restart."""
    return _("I am back, and read on.")


def leaves(name: str) -> str:
    """Return what is said when a member leaves the voice channel."""
    return _("{name} left.").format(name=name)


def crowd(joined: int, left: int) -> str:
    """Return what is said when many members came and went at once."""
    came = ngettext("One member joined.", "{count} members joined.", joined).format(count=joined)
    went = ngettext("One member left.", "{count} members left.", left).format(count=left)
    return " ".join(text for text, count in ((came, joined), (went, left)) if count)


def things(attachments: Iterable[AttachmentKind], stickers: Sequence[str], locale: str) -> str:
    """Return what a message has beside its text, such as "2 pictures and a file"; "" for none."""
    counts = Counter(attachments)
    named = [_counted(kind, counts[kind]) for kind in _ORDER if counts[kind]]
    if stickers:
        named.append(_stickers(stickers, locale))
    return format_list(named, locale=locale) if named else ""


_ORDER: tuple[AttachmentKind, ...] = ("image", "video", "audio", "voice message", "file")


def _counted(kind: AttachmentKind, count: int) -> str:
    # A sentence of its own, or behind "NAME sends".
    match kind:
        case "image":
            text = ngettext("a picture", "{count} pictures", count)
        case "video":
            text = ngettext("a video", "{count} videos", count)
        case "audio":
            text = ngettext("an audio file", "{count} audio files", count)
        case "voice message":
            text = ngettext("a voice message", "{count} voice messages", count)
        case _:
            text = ngettext("a file", "{count} files", count)
    return text.format(count=count)


def _stickers(stickers: Sequence[str], locale: str) -> str:
    names = [name for name in map(short_name, stickers[:MOST_NAMED]) if name]
    if not names:
        return _("a sticker")
    listed = format_list(names, locale=locale)
    return ngettext("the sticker {names}", "the stickers {names}", len(names)).format(names=listed)
