"""The stock library as a bot would use it: whole texts, the voice prepared anew for each."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import torch

from benchmarks.chatterbox.material import (
    SENTENCES,
    Decoding,
    Spoken,
    ending_after,
    precision_of,
    prompts,
    require_seconds,
    require_tokens,
    tokens_of,
)
from bot.speech.engines.base import to_speech
from bot.speech.engines.chatterbox.loading import load_model
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, Speech, VoiceReference


class Stock:
    """A model of its own that nothing of Mynah's has touched."""

    def __init__(self, spec: EngineSpec, voice: VoiceReference, reference: Path) -> None:
        self._model = load_model(spec, spec.device)
        self._voice, self._reference = voice, str(reference)
        self._prepared = PreparedVoices(self._model, spec).get(voice, {})
        self.precision = precision_of(self._model)
        self._generate("Hello.")  # all set up, as the engine is

    def speak_text(self) -> Spoken:
        """Speak the three sentences in one go."""
        tokens = sum(map(tokens_of, SENTENCES))
        torch.manual_seed(0)
        with ending_after(self._model.t3, tokens):
            start = time.perf_counter()
            speech = self._generate(" ".join(SENTENCES))
            total = time.perf_counter() - start
        require_seconds(speech.seconds, tokens)
        return Spoken(total, total, speech.seconds)

    def decode(self, tokens: int) -> Decoding:
        """Decode so many tokens of a sentence."""
        (prompt,) = prompts(self._model, self._prepared, self._voice, 1)
        torch.manual_seed(prompt.seed)
        with ending_after(self._model.t3, tokens):
            start = time.perf_counter()
            decoded = self._model.t3.inference(
                t3_cond=prompt.conditioning,
                text_tokens=prompt.text_tokens[None].repeat(2, 1),
                max_new_tokens=prompt.max_tokens,
                **dataclasses.asdict(prompt.sampling),
            )[0].tolist()
            total = time.perf_counter() - start
        require_tokens(len(decoded), tokens)
        return Decoding(len(decoded), total, total)

    def _generate(self, text: str) -> Speech:
        wave = self._model.generate(text, audio_prompt_path=self._reference)
        return to_speech(wave[0].numpy(), self._model.sr, {})
