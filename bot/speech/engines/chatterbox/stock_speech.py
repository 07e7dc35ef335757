"""Speaking by the package's own `generate`: one sentence at a time (`decode = "stock"`)."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from bot.speech.engines.base import Samples, Timings, result_of, stage, to_speech
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.prompts import (
    conditioning,
    language_code,
    sampling_settings,
    text_tokens,
)
from bot.speech.engines.chatterbox.stock import import_package, quiet
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, SynthesisResult
from bot.speech.voice_settings import ignored_notes


class StockSpeaker:
    """Speaks what is submitted, in order. Nothing is judged or tried again."""

    slots = 1

    def __init__(
        self, model: Any, spec: EngineSpec, voices: PreparedVoices, failures: Failures
    ) -> None:
        self._model, self._spec, self._voices = model, spec, voices
        self._failures = failures
        self._torch = import_package("torch")
        self._waiting: deque[tuple[int, SynthesisRequest]] = deque()

    @property
    def busy(self) -> bool:
        """Whether something waits to be spoken."""
        return bool(self._waiting)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Put a request at the end of the queue."""
        self._waiting.append((ticket, request))

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Speak the next request, however long it takes."""
        del seconds
        if not self._waiting:
            return []
        ticket, request = self._waiting.popleft()
        return [(ticket, result_of(request, self._speak))]

    def abandon(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def generate(self, request: SynthesisRequest, timings: Timings) -> Samples:
        """Return what stock `generate` gives for the request: float32, shape (n,), 24 kHz."""
        text_tokens(self._model, self._spec.model, request)  # refuses what is too long
        prepared = self._voices.get(request.voice, timings)
        arguments: dict[str, Any] = dict(sampling_settings(self._spec.model, request))
        code = language_code(self._model, self._spec.model, request.language)
        if code is not None:
            arguments["language_id"] = code
        # generate() caches into the T3Cond it is given and rewrites both, so it gets copies; the
        # tensors in them are only read.
        own = conditioning(prepared, arguments.get("exaggeration"))
        self._model.conds = type(prepared)(own, dict(prepared.gen))
        with stage(timings, "synthesis"), self._torch.inference_mode(), quiet():
            if request.settings.seed is not None:
                self._torch.manual_seed(request.settings.seed)
            else:
                self._torch.seed()
            wave = self._model.generate(request.text, **arguments)
        return np.asarray(wave.squeeze(0).numpy(), dtype=np.float32)

    def _speak(self, request: SynthesisRequest) -> Speech:
        timings: Timings = {}
        with self._failures.explained():
            samples = self.generate(request, timings)
        notes = ignored_notes(self._spec.model, request)
        return to_speech(samples, self._model.sr, timings, notes=notes)
