"""What waits to be said in one guild."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

import structlog

from bot.speech.duration import estimated_seconds
from bot.speech.types import Speech
from bot.voice.limits import Room
from bot.voice.stages import Stages
from bot.voice.track import Track, TrackEvent

log = structlog.get_logger(__name__)

_SHOWN_CHARACTERS = 60

Due = Callable[[], float]
"""When the guild runs out of audio, in seconds of the event loop's clock, as it stands now."""


class Rank(IntEnum):
    """Who goes first: what was asked for with a command, then what is read aloud."""

    SAY = 0
    CHATTER = 1


class UtteranceEnd(Enum):
    """How an utterance ended; every utterance ends once."""

    PLAYED = auto()  # the last packet was sent
    SKIPPED = auto()
    STOPPED = auto()
    FAILED = auto()  # the engine could not say it, or not all of it
    ENCRYPTION_FAILED = auto()  # the call's encryption never came about
    MUTED = auto()  # the bot may no longer speak where it is
    DISCONNECTED = auto()  # a moderator or Discord disconnected the bot
    CONNECTION_LOST = auto()
    LEFT = auto()  # the bot was asked to leave
    ALONE = auto()  # nobody was left to hear it
    VOICE_DELETED = auto()  # the voice that it was to be said in
    VOICE_PAUSED = auto()  # likewise
    NOT_ALLOWED = auto()  # its member may not speak as that voice any more
    DROPPED = auto()  # chatter that was left out: too much of it, a muted author, a deleted message
    SHUTTING_DOWN = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an utterance is. played: sentences heard in full. end: None while it lasts.

    notes: what the asker should know about the speech, each once.
    """

    sentences: int
    played: int
    started: bool
    end: UtteranceEnd | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SayRequest:
    """What a member asked to be said.

    channel_id: where; it is said nowhere else, unless a moderator moves the bot.
    voice_id: the stored voice; its text ends when that is deleted or paused.
    owner_id: whose voice it is; None for nobody's, such as the operator's.
    refusal: asks again whether it may be said, before it begins, after each sentence, and when
        others may speak as the voice; returns why not, for the asker. None: it may in any case.
    sentences: how many `speak` will yield, as far as is known: for another model they are cut anew.
    spoken: what they say, where `text` has markup.
    speed: how many times as fast as usual it is spoken, for the estimate of how long it lasts.
    speak: starts the synthesis; yields one `Speech` a sentence. It is closed early on a skip.
    on_progress: called on the event loop at every step, last with an `end`; must not block.
    message_id: of the message that is read aloud. webhook: the name of whom a webhook wrote it for,
        whose id Discord does not know.
    room: what may wait before it is one too many; None for what the configuration allows.
    """

    member_id: int
    channel_id: int
    voice_name: str
    text: str
    sentences: int
    speak: Callable[[Due], AsyncIterator[Speech]]
    on_progress: Callable[[Progress], None] = lambda progress: None
    spoken: str = ""
    voice_id: int | None = None
    refusal: Callable[[], Awaitable[str | None]] | None = None
    rank: Rank = Rank.SAY
    message_id: int | None = None
    speed: float = 1.0
    webhook: str | None = None
    owner_id: int | None = None
    room: Room | None = None


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One line of /queue. seconds_left: partly an estimate until all of it is synthesised.

    webhook: see `SayRequest`.
    """

    member_id: int
    voice_name: str
    first_words: str
    seconds_left: float
    speaking: bool
    rank: Rank = Rank.SAY
    webhook: str | None = None


class Item:
    """An utterance in the queue, with its packets and the task that fetches them."""

    def __init__(self, request: SayRequest, on_event: Callable[[Item, TrackEvent], None]) -> None:
        self.request = request
        self._on_event = on_event
        self.track = Track(lambda event: on_event(self, event))
        self.stages = Stages()
        self.fetch: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[UtteranceEnd] = asyncio.get_running_loop().create_future()
        self.error: str | None = None
        self.admitted = request.refusal is None  # it was asked, and may be said
        self.asking: asyncio.Task[None] | None = None
        self._playing = False
        self.begun = False  # handed to the pacer, now or before
        self.failures = 0  # of the connection while it played
        self._text = " ".join(request.text.split())
        spoken = request.spoken or self._text
        self._seconds = estimated_seconds(spoken) / request.speed  # of all of it
        self._fed = 0
        self._played = 0
        self._cut: UtteranceEnd | None = None
        self._notes: tuple[str, ...] = ()

    @property
    def chatter(self) -> bool:
        """Whether it is read aloud, and makes way for what was asked for."""
        return self.request.rank is Rank.CHATTER

    @property
    def playing(self) -> bool:
        """Whether the pacer has it."""
        return self._playing

    @playing.setter
    def playing(self, playing: bool) -> None:
        self._playing = playing
        self.begun = self.begun or playing

    @property
    def paused(self) -> bool:
        """Whether it made way after a sentence, and goes on later."""
        return self.begun and not self._playing

    @property
    def ending(self) -> bool:
        """Whether it ends with the sentence that is being heard."""
        return self._cut is not None

    @property
    def ready(self) -> bool:
        """Whether there is something to play, or nothing more to wait for."""
        return self._fed > 0 or self.complete

    @property
    def complete(self) -> bool:
        """Whether everything that can be had was fetched."""
        return self.fetch is not None and self.fetch.done()

    @property
    def silent(self) -> bool:
        """Whether the engine gave nothing at all."""
        return self._fed == 0

    @property
    def fetching(self) -> bool:
        """Whether the engine is at work for it."""
        return self.fetch is not None and not self.fetch.done()

    @property
    def natural_end(self) -> UtteranceEnd:
        """How it ends when its packets run out."""
        if self._cut is not None:
            return self._cut
        return UtteranceEnd.PLAYED if self.error is None else UtteranceEnd.FAILED

    def feed(self, speech: Speech) -> None:
        """Append one sentence."""
        self.track.feed(speech.packets)
        self.stages.feed(speech)
        self._fed += 1
        self._notes = tuple(dict.fromkeys(self._notes + speech.notes))

    def sentence_played(self) -> None:
        """Count a sentence that was heard in full."""
        self._played += 1
        self.report()

    def cut(self, end: UtteranceEnd) -> None:
        """Let the sentence that is being heard be the last; then it ends so."""
        self._cut = end
        self._cancel_fetch()
        self.track.end_after_sentence()

    def begin_anew(self) -> None:
        """Forget what was fetched, before any of it was handed to the pacer."""
        self._cancel_fetch()
        self.fetch, self.error, self._fed, self._notes = None, None, 0, ()
        self.stages.begin_anew()
        self.track = Track(lambda event: self._on_event(self, event))

    def finish(self, end: UtteranceEnd) -> None:
        """End it, once."""
        self._cancel_fetch()
        if self.asking is not None:
            self.asking.cancel()
        # The outlet keeps its last track: not this, with who asked and what was said, behind it.
        self.track.on_event = _nobody_hears
        self.track.discard()
        self.ended.set_result(end)
        self.report()
        self.fetch = None  # its frames hold what was made and not fed

    def _cancel_fetch(self) -> None:
        if self.fetch is not None:
            self.fetch.cancel()

    def report(self) -> None:
        """Tell the asker how far it is."""
        end = self.ended.result() if self.ended.done() else None
        started = self.track.sent > 0
        progress = Progress(self._sentences, self._played, started, end, self.error, self._notes)
        try:
            self.request.on_progress(progress)
        except Exception:  # the asker's own trouble; the speech goes on
            log.exception("progress could not be reported", stage="voice")

    @property
    def _sentences(self) -> int:
        """How many there are: what was planned, until all that were made are there."""
        whole = self.fetch is not None and self.fetch.done() and not self.fetch.cancelled()
        if whole and self.error is None:
            return self._fed
        return max(self.request.sentences, self._fed)

    def entry(self) -> QueueEntry:
        """Return the line of /queue."""
        text = self._text
        words = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
        return QueueEntry(
            self.request.member_id,
            self.request.voice_name,
            words,
            self.seconds_left,
            self.playing,
            self.request.rank,
            self.request.webhook,
        )

    @property
    def sentences_left(self) -> int:
        """How many sentences the engine has still to make, as far as is known."""
        return 0 if self.complete else max(0, self._sentences - self._fed)

    @property
    def seconds_left(self) -> float:
        """How long it will be heard; an estimate until all of it is synthesised."""
        buffered = self.track.buffered_seconds
        missing = (self._sentences - self._fed) / max(1, self._sentences)
        if self.complete:
            missing = 0.0
        return buffered + missing * self._seconds


def _nobody_hears(_event: TrackEvent) -> None:
    pass
