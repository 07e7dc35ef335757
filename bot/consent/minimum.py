"""What a server asks of a voice at least, and which ways are left to whoever falls short of it."""

from __future__ import annotations

from collections.abc import Callable

from bot.consent.levels import reaches
from bot.consent.recognition import LANGUAGE, can_check, installed
from bot.i18n import N_, _
from storage.types import Level

_WAYS: dict[Level, str] = {
    "own message": N_(
        "On this server a file and a click are not enough for a voice. Record a voice message in "
        "Discord and choose “Make this my voice” in its menu; or join a voice channel and use "
        "{live} without a recording."
    ),
    "live": N_(
        "On this server voices are recorded live. Join a voice channel and use {live} without a "
        "recording."
    ),
    "spoken": N_(
        "On this server voices are recorded live, with the four words that I ask for. Join a voice "
        "channel and use {live} without a recording."
    ),
}
_NOT_HEARD = N_(
    "On this server I must hear the four words, and I did not. Record again: read the sentence "
    "aloud to its last word, not too fast, close to the microphone."
)
_NO_RECOGNISER = N_(
    "On this server I must hear the four words, and what recognises words is not installed here. "
    "Somebody with the permission Manage Server can ask for less in {settings}, or my operator can "
    "install it."
)


def live_level(language: str) -> Level:
    """Return what a live recording can prove at most, with a sentence in a language."""
    return "spoken" if can_check(language) else "live"


def sentence_language(language: str, minimum: Level) -> str:
    """Return in which language a member of that language is asked for the sentence."""
    return LANGUAGE if minimum == "spoken" and not can_check(language) else language


def shortfall(level: Level, minimum: Level, command: Callable[[str], str], live: str) -> str | None:
    """Return why a sample may not become a voice here, and what to do; None if it may.

    level: that the sample has, or can have at most. command: names a command as text; live: of
    them, the one that records live.
    """
    if reaches(level, minimum):
        return None
    if minimum == "spoken" and not installed():
        return _(_NO_RECOGNISER).format(settings=command("settings"))
    if level == "live":
        return _(_NOT_HEARD)
    return _(_WAYS[minimum]).format(live=command(live))
