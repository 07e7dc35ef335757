"""The stock library as a bot would use it: whole texts, the voice prepared anew for each."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch

from benchmarks.chatterbox.material import (
    SENTENCES,
    Decoding,
    Spoken,
    ending_after,
    endless,
    precision_of,
    prompts,
    require_seconds,
    require_tokens,
    tokens_of,
)
from benchmarks.chatterbox.report import STOCK
from bot.speech.delivery import Delivery
from bot.speech.engines.base import to_speech
from bot.speech.engines.chatterbox.loading import load_model
from bot.speech.engines.chatterbox.t3.decoder import Prompt
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, Speech, VoiceReference


class Stock:
    """A model of its own that nothing of Mynah's has touched."""

    def __init__(self, spec: EngineSpec, voice: VoiceReference, reference: Path) -> None:
        self._model = load_model(spec, spec.device)
        self._name, self.slots = spec.model, 1
        self._voice, self._reference = voice, str(reference)
        self._prepared = PreparedVoices(self._model, spec).get(voice, {})
        self.precision = precision_of(self._model)
        self._generate("Hello.")  # all set up, as the engine is

    def speak_text(self) -> Spoken:
        """Speak the three sentences."""
        return self.speak(" ".join(SENTENCES))

    def speak(self, text: str) -> Spoken:
        """Speak a text in one go, as long as a reader would need."""
        tokens = tokens_of(text)
        torch.manual_seed(0)
        with self._ending_after(tokens):
            start = time.perf_counter()
            speech = self._generate(text)
            total = time.perf_counter() - start
        require_seconds(speech.seconds, tokens)
        return Spoken(total, total, speech.seconds)

    def rates(self, tokens: int) -> dict[str, float]:
        """Return the tokens a second of its decoding."""
        return {STOCK: round(self.decode(tokens).rate, 2)}

    @contextmanager
    def _ending_after(self, tokens: int) -> Iterator[None]:
        t3 = self._model.t3
        if not t3.is_gpt:
            with ending_after(t3, tokens):
                yield
            return
        # The first token is counted apart.
        limited = functools.partial(t3.inference_turbo, max_gen_len=tokens - 1)
        with endless(t3), mock.patch.object(t3, "inference_turbo", limited):
            yield

    def decode(self, tokens: int) -> Decoding:
        """Decode so many tokens of a sentence."""
        (prompt,) = prompts(self._model, self._prepared, self._voice, 1, self._name)
        torch.manual_seed(prompt.seed)
        with self._ending_after(tokens):
            start = time.perf_counter()
            decoded = self._decode(prompt)
            total = time.perf_counter() - start
        require_tokens(len(decoded), tokens)
        return Decoding(len(decoded), total, total)

    def _decode(self, prompt: Prompt) -> list[int]:
        sampling, t3 = dataclasses.asdict(prompt.sampling), self._model.t3
        if t3.is_gpt:
            wanted = {name: sampling[name] for name in ("temperature", "top_p")}
            decoded = t3.inference_turbo(prompt.conditioning, prompt.text_tokens[None], **wanted)
        else:
            decoded = t3.inference(
                t3_cond=prompt.conditioning,
                text_tokens=prompt.text_tokens[None].repeat(2, 1),
                max_new_tokens=prompt.max_tokens,
                **sampling,
            )
        return list(map(int, decoded[0].tolist()))

    def _generate(self, text: str) -> Speech:
        wave = self._model.generate(text, audio_prompt_path=self._reference)
        return to_speech(wave[0].numpy(), self._model.sr, {}, Delivery())
