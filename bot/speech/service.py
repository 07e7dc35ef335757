"""Speaking a text: cleaned, split, and synthesised sentence by sentence."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.errors import MynahError
from bot.speech.text import clean_text
from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from bot.text.sentences import split_sentences

log = structlog.get_logger(__name__)


class Synthesizer(Protocol):
    """Whatever turns requests into speech: the engine's client, or a queue in front of it."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence."""


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    """Bounds of a text, in characters, and of its pieces, in letters (`bot.text.sentences`).

    first_sentence_characters: of the first piece, so that sound starts early.
    """

    max_characters: int = 3000
    sentence_characters: int = 260
    first_sentence_characters: int = 100


@dataclass(frozen=True, slots=True)
class Utterance:
    """What someone asked to be said.

    guild_id: whose turn it takes; 0 is the operator. language: see `SynthesisRequest`.
    voice_settings: of the voice. settings: for this text alone; what is given comes first.
    """

    text: str
    voice: VoiceReference
    guild_id: int = 0
    language: str | None = None
    voice_settings: VoiceSettings = field(default_factory=VoiceSettings)
    settings: VoiceSettings = field(default_factory=VoiceSettings)


class SpeechService:
    """Texts in, speech out, one sentence after another."""

    def __init__(self, synthesizer: Synthesizer, limits: SpeechLimits) -> None:
        self._synthesizer = synthesizer
        self._limits = limits

    def plan(self, text: str, language: str | None = None) -> tuple[str, ...]:
        """Return the sentences that `text` will be spoken in.

        Raises `UserError` when there is nothing to say, or too much.
        """
        cleaned = clean_text(text, max_characters=self._limits.max_characters)
        return split_sentences(
            cleaned,
            language=language,
            max_characters=self._limits.sentence_characters,
            first_max_characters=self._limits.first_sentence_characters,
        )

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Speech, None]:
        """Yield the sentences of an utterance as they are spoken, each when it is asked for.

        Raises what `plan` raises, the error of the first sentence that failed, and what the
        synthesizer raises.
        """
        settings = utterance.settings.over(utterance.voice_settings)
        for sentence in self.plan(utterance.text, utterance.language):
            request = SynthesisRequest(sentence, utterance.voice, utterance.language, settings)
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
