"""Speaking a text: cleaned, split, and synthesised sentence by sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.errors import MynahError
from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.text.engine_reads import WORDS, EngineReads
from bot.text.names import Names
from bot.text.plan import TextLimits, plan_text

log = structlog.get_logger(__name__)


class Synthesizer(Protocol):
    """Whatever turns requests into speech: the engine's client, or a queue in front of it."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What someone asked to be said.

    guild_id: whose turn it takes; 0 is the operator. language: see `SynthesisRequest`.
    names: what the mentions in the text stand for.
    voice_settings: of the voice. settings: for this text alone; what is given comes first.
    current_voice: looks `voice` up anew before each sentence, and raises if it is gone.
    sentences: what `plan` makes of the text, where that is known already.
    """

    text: str
    voice: VoiceReference
    guild_id: int = 0
    language: str | None = None
    voice_settings: VoiceSettings = field(default_factory=VoiceSettings)
    settings: VoiceSettings = field(default_factory=VoiceSettings)
    names: Names = field(default_factory=Names)
    current_voice: Callable[[], Awaitable[VoiceReference]] | None = None
    sentences: tuple[str, ...] | None = None


class SpeechService:
    """Texts in, speech out, one sentence after another."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        limits: TextLimits,
        reads: Callable[[], EngineReads] = lambda: WORDS,
    ) -> None:
        """Take what speaks; reads: what the engine makes of a text."""
        self._synthesizer = synthesizer
        self._limits = limits
        self._reads = reads

    def plan(
        self, text: str, language: str | None = None, names: Names | None = None
    ) -> tuple[str, ...]:
        """Return the sentences that `text` will be spoken in.

        Raises `UserError` when there is nothing to say, or too much.
        """
        return plan_text(text, self._limits, language=language, names=names, reads=self._reads())

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Speech, None]:
        """Yield the sentences of an utterance as they are spoken, each when it is asked for.

        Raises what `plan` raises, the error of the first sentence that failed, and what the
        synthesizer raises.
        """
        settings = utterance.settings.over(utterance.voice_settings)
        sentences = utterance.sentences
        if sentences is None:
            # Not on the loop: see `SpeechDesk.plan`.
            known = utterance.text, utterance.language, utterance.names
            sentences = await asyncio.to_thread(self.plan, *known)
        for sentence in sentences:
            look_up = utterance.current_voice
            voice = await look_up() if look_up is not None else utterance.voice
            request = SynthesisRequest(sentence, voice, utterance.language, settings)
            (result,) = await self._synthesizer.synthesize([request])
            if isinstance(result, MynahError):
                raise result
            _log_sentence(utterance, sentence, result)
            yield result


def _log_sentence(utterance: Utterance, sentence: str, speech: Speech) -> None:
    # What was said is nobody's business; what had to be said again is worth a look.
    tell = log.info if speech.retries else log.debug
    tell(
        "sentence spoken",
        guild=utterance.guild_id,
        stage="engine",
        characters=len(sentence),
        seconds=round(speech.seconds, 2),
        retries=speech.retries,
        **{f"{name}_seconds": round(spent, 3) for name, spent in speech.timings.items()},
    )


def distinct_notes(speeches: Iterable[Speech]) -> tuple[str, ...]:
    """Return the notes of all sentences, each once, in order."""
    return tuple(dict.fromkeys(note for speech in speeches for note in speech.notes))
