"""Mynah's engine and its decoding, with a model of their own."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

from benchmarks.chatterbox.floor import synchronise
from benchmarks.chatterbox.material import (
    SENTENCES,
    Decoding,
    Spoken,
    ending_after,
    endless,
    precision_of,
    prompts,
    request_of,
    require_seconds,
    require_tokens,
    tokens_of,
)
from benchmarks.chatterbox.report import batch_name
from benchmarks.chatterbox.spoken import speak_as_bot
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.judge import token_limit
from bot.speech.engines.chatterbox.prompts import MAX_SPEECH_TOKENS, context_length
from bot.speech.engines.chatterbox.t3.decoder import T3Decoder
from bot.speech.engines.chatterbox.t3.graphs import whole_lengths
from bot.speech.engines.chatterbox.t3.weights import layout_of
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, Speech, VoiceReference

BATCHES = (1, 4)
"""Whose rate of decoding a row of the table has."""

DIFFERENT = (
    "Hi.",
    "Look!",
    "Who is it?",
    "That is fine.",
    "See you at noon.",
    "I will be there soon.",
    "Where are the others now?",
    "Nobody has heard from them.",
)
"""Eight sentences of different lengths."""


class OwnEngine:
    """The engine, with the end of its speech where the benchmark wants it."""

    def __init__(self, spec: EngineSpec, voice: VoiceReference) -> None:
        self._engine = ChatterboxEngine(spec, "the benchmark asks for it")
        self.model: Any = self._engine._model  # also when the engine is closed
        self._voice, self._spec = voice, spec
        self.slots = self._engine.info.slots
        self.precision = self._engine.info.computes or precision_of(self.model)
        self._engine.synthesize([request_of("Hello.", voice)])  # known, and all set up

    def speak_text(self) -> Spoken:
        """Speak the three sentences."""
        return self.speak(" ".join(SENTENCES))

    def speak(self, text: str) -> Spoken:
        """Speak a text as the bot does, its sentences ahead."""
        return speak_as_bot(self._engine, self._voice, text)

    def rates(self, tokens: int) -> dict[str, float]:
        """Close the engine; return the tokens a second of its decoding, alone and in a batch."""
        self.close()
        own = OwnDecoding(self.model, self._spec, self._voice, max(self.slots, *BATCHES))
        return {batch_name(batch): round(own.decode(batch, tokens).rate, 2) for batch in BATCHES}

    def speak_different(self) -> Spoken:
        """Speak eight sentences at once that end at different times.

        Random weights cannot tell lengths apart; the engine's own limits end these.
        """
        with ending_after(self.model.t3, MAX_SPEECH_TOKENS):
            return self._speak_at_once(DIFFERENT, sum(token_limit(t, None) for t in DIFFERENT))

    def speak_equal(self, vocoder_batch: int) -> Spoken:
        """Speak eight sentences at once that end together, so that S3Gen could take them together.

        vocoder_batch: how many it takes.
        """
        count, sentence = len(DIFFERENT), SENTENCES[1]
        sounder = self._engine._speaker._sounder
        asked = dataclasses.replace(sounder._spec, vocoder_batch=vocoder_batch)
        with (
            mock.patch.object(sounder, "_spec", asked),
            ending_after(self.model.t3, tokens_of(sentence)),
        ):
            return self._speak_at_once([sentence] * count, count * tokens_of(sentence))

    def close(self) -> None:
        """Keep the model alone."""
        self._engine.close()

    def _speak_at_once(self, texts: Sequence[str], tokens: int) -> Spoken:
        first, seconds = math.inf, 0.0
        start = time.perf_counter()
        for ticket, text in enumerate(texts):
            self._engine.submit(ticket, request_of(text, self._voice, ticket))
        while self._engine.busy:
            for _, speech in self._engine.advance(math.inf):
                assert isinstance(speech, Speech), speech
                first = min(first, time.perf_counter() - start)
                seconds += speech.seconds
        total = time.perf_counter() - start
        require_seconds(seconds, tokens)
        return Spoken(first, total, seconds)


class OwnDecoding:
    """The decoding by itself, over a model whose engine is closed."""

    def __init__(self, model: Any, spec: EngineSpec, voice: VoiceReference, slots: int) -> None:
        self._model, self._voice, self._device = model, voice, spec.device
        self._name = spec.model
        self._prepared = PreparedVoices(model, spec).get(voice, {})
        context = whole_lengths(context_length(model.t3))
        self._decoder = T3Decoder(
            model.t3, slots=slots, context=context, layout=layout_of(model.t3)
        )

    def decode(self, batch: int, tokens: int) -> Decoding:
        """Decode so many tokens of each of `batch` sentences together."""
        asked = prompts(self._model, self._prepared, self._voice, batch, self._name)
        decoded = 0
        asked = [dataclasses.replace(prompt, max_tokens=tokens) for prompt in asked]
        with endless(self._model.t3, self._decoder._head):
            start = time.perf_counter()
            for prompt in asked:
                self._decoder.start(prompt)
            synchronise(self._device)
            started = time.perf_counter()
            while self._decoder.running:
                decoded += sum(len(done.tokens) for done in self._decoder.step().values())
            end = time.perf_counter()
        require_tokens(decoded, batch * tokens)
        return Decoding(decoded, end - start, end - started)

    def prefix(self) -> int:
        """Return how many positions the voice and the text take."""
        (prompt,) = prompts(self._model, self._prepared, self._voice, 1, self._name)
        return self._decoder.length(prompt) - prompt.max_tokens
