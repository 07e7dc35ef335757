"""Where the rooms of the bot tell what an operator wants to measure, and who listens.

Nobody has to: without observers a report costs a call. Nothing in a report says who asked, in which
voice, or what was said; `guild_id` is for the log alone and never a label of a metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.speech.types import Speech


@dataclass(frozen=True, slots=True)
class SentenceFacts:
    """A sentence that the engine was asked for.

    queued_seconds: until the engine got it. seconds: that the engine took. fill: how much of the
    engine's slots were taken when it began, of 1. speech: None where it failed.
    """

    queued_seconds: float
    seconds: float
    fill: float
    speech: Speech | None


@dataclass(frozen=True, slots=True)
class UtteranceFacts:
    """A text that has ended, and its stages in seconds.

    rank: "say" for a command, "chatter" for what is read aloud, "file" for what becomes a file.
    end: how it ended, such as "played". queued: from the wish until it was its turn in the channel.
    first_packet: from then until its first packet was sent; None where none was.
    synthesis: that the engine worked for it. speech: how long what was made of it lasts.
    sentences: that were made. cached: of them, those that needed no engine. retries: of sentences.
    """

    guild_id: int
    rank: str
    end: str
    queued: float
    first_packet: float | None
    synthesis: float
    speech: float
    sentences: int
    cached: int
    retries: int


class Observer(Protocol):
    """Whoever wants to know. Called on the event loop; must not block or fail."""

    def sentence(self, facts: SentenceFacts) -> None:
        """The engine has answered."""

    def utterance(self, facts: UtteranceFacts) -> None:
        """A text has ended."""

    def refused(self, kind: str) -> None:
        """A member was told that something cannot be done. kind: the class of the error."""


class Figures:
    """Hands what the rooms report to all observers; itself an `Observer`."""

    def __init__(self) -> None:
        self._observers: tuple[Observer, ...] = ()

    def observe(self, observer: Observer) -> None:
        """Tell `observer`, too, from now on."""
        self._observers = (*self._observers, observer)

    def sentence(self, facts: SentenceFacts) -> None:
        """See `Observer`."""
        for observer in self._observers:
            observer.sentence(facts)

    def utterance(self, facts: UtteranceFacts) -> None:
        """See `Observer`."""
        for observer in self._observers:
            observer.utterance(facts)

    def refused(self, kind: str) -> None:
        """See `Observer`."""
        for observer in self._observers:
            observer.refused(kind)
