"""Speaking a text: cleaned, split, and synthesised sentence by sentence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog

from bot.speech.ahead import SentencesAhead, result_of
from bot.speech.delivery import Delivery
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import Lane
from bot.speech.types import Speech, SynthesisRequest, VoiceReference, VoiceSettings
from bot.text.dictionary import Dictionary
from bot.text.engine_reads import WORDS, EngineReads
from bot.text.names import Names
from bot.text.plan import TextLimits, plan_text

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What someone asked to be said.

    guild_id: whose turn it takes; 0 is the operator. language: see `SynthesisRequest`.
    names: what the mentions in the text stand for. dictionary: how words are spoken where, and by
        whom, it was written. delivery: how fast and how loud it is heard.
    voice_settings: of the voice. settings: for this text alone; what is given comes first.
    current_voice: looks `voice` up anew before each sentence is made, and before one that was made
        ahead is spoken; raises if it is gone.
    sentences: what is said, where that is known already; see `SpeechService.planned`.
    planned_for: the reading that `sentences` were made for; None where they suit any.
    repeats: whether a phrase may sound as it did before; with a fixed seed it does in any case.
    """

    text: str
    voice: VoiceReference
    guild_id: int = 0
    language: str | None = None
    voice_settings: VoiceSettings = field(default_factory=VoiceSettings)
    settings: VoiceSettings = field(default_factory=VoiceSettings)
    names: Names = field(default_factory=Names)
    dictionary: Dictionary | None = None
    current_voice: Callable[[], Awaitable[VoiceReference]] | None = None
    sentences: tuple[str, ...] | None = None
    planned_for: EngineReads | None = None
    delivery: Delivery = field(default_factory=Delivery)
    repeats: bool = False

    @property
    def all_settings(self) -> VoiceSettings:
        """Its own settings over those of the voice."""
        return self.settings.over(self.voice_settings)


async def already_loaded() -> None:
    """Do nothing, in place of loading an engine."""


class SpeechService:
    """Texts in, speech out: sentences in order, made ahead where the engine has room."""

    def __init__(
        self,
        lane: Lane,
        limits: TextLimits,
        reads: Callable[[], EngineReads] = lambda: WORDS,
        load: Callable[[], Awaitable[None]] = already_loaded,
        planning: asyncio.Lock | None = None,
        phrases: PhraseCache | None = None,
    ) -> None:
        """Take a guild's way to the engine.

        reads: what the engine makes of a text. load: returns when it is loaded, and `reads` is that
        of the model that speaks. planning: held while a text is planned. phrases: what was said
        before.
        """
        self._lane = lane
        self._limits = limits
        self._reads = reads
        self._load = load
        self._planning = planning or asyncio.Lock()
        self._phrases = phrases

    def plan(
        self,
        text: str,
        language: str | None = None,
        names: Names | None = None,
        reads: EngineReads | None = None,
        dictionary: Dictionary | None = None,
    ) -> tuple[str, ...]:
        """Return the sentences that `text` will be spoken in.

        reads: None for what the engine reads as far as is known by now.
        Raises `UserError` when there is nothing to say, or too much.
        """
        return plan_text(
            text,
            self._limits,
            language=language,
            names=names,
            reads=reads or self._reads(),
            dictionary=dictionary,
        )

    async def planned(self, utterance: Utterance) -> Utterance:
        """Return an utterance with the sentences that it will be spoken in, as far as is known.

        `speak` makes them anew where another model has been loaded by then.

        In a thread, because a long text takes up to 150 ms, and so does the first number of a
        language, whose rules have to be loaded. Texts follow one another: a short one does not
        overtake a long one, and the libraries for numbers need not bear several threads.

        Raises what `plan` raises.
        """
        reads = self._reads()
        if utterance.sentences is not None and utterance.planned_for in (None, reads):
            return utterance
        async with self._planning:
            sentences = await asyncio.to_thread(
                self.plan,
                utterance.text,
                utterance.language,
                utterance.names,
                reads,
                utterance.dictionary,
            )
        return replace(utterance, sentences=sentences, planned_for=reads)

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Speech, None]:
        """Yield the sentences of an utterance in order.

        Closing it withdraws what was asked for. Raises what loading and `plan` raise, the error of
        the first sentence that failed, and what the lane raises.
        """
        seeded = utterance.all_settings.seed is not None
        phrases = self._phrases if utterance.repeats or seeded else None
        if phrases is not None and phrases.useful:
            utterance = await self.planned(utterance)
        if phrases is None or not await _all_kept(utterance, phrases):
            await self._load()  # or the engine is not needed
        utterance = await self.planned(utterance)
        lane, sentences = replace(self._lane, phrases=phrases), utterance.sentences or ()
        make = partial(_request, utterance)
        ahead = SentencesAhead(lane, sentences, make, utterance.delivery.speed)
        async with contextlib.aclosing(ahead.spoken()) as spoken:
            async for made in spoken:
                speech = result_of(made)
                _log_sentence(utterance, made.request.text, speech)
                yield speech


async def _all_kept(utterance: Utterance, phrases: PhraseCache) -> bool:
    """Whether nothing has to be made for an utterance. Raises what looking up its voice does."""
    if not phrases.useful or utterance.sentences is None:
        return False
    for sentence in utterance.sentences:
        if phrases.peek(await _request(utterance, sentence)) is None:
            return False
    return True


async def _request(utterance: Utterance, sentence: str) -> SynthesisRequest:
    look_up = utterance.current_voice
    voice = await look_up() if look_up is not None else utterance.voice
    settings = utterance.all_settings
    return SynthesisRequest(
        sentence, voice, utterance.language, settings, delivery=utterance.delivery
    )


def _log_sentence(utterance: Utterance, sentence: str, speech: Speech) -> None:
    # What was said is nobody's business; what had to be said again is worth a look.
    facts: dict[str, Any] = {
        "guild": utterance.guild_id,
        "characters": len(sentence),
        "seconds": round(speech.seconds, 2),
        "retries": speech.retries,
        **{f"{name}_seconds": round(spent, 3) for name, spent in speech.timings.items()},
    }
    if speech.retries:
        log.info("sentence spoken again", stage="engine", **facts)
    else:
        log.debug("sentence spoken", stage="engine", **facts)


def distinct_notes(speeches: Iterable[Speech]) -> tuple[str, ...]:
    """Return the notes of all sentences, each once, in order."""
    return tuple(dict.fromkeys(note for speech in speeches for note in speech.notes))
