"""Speaking by the package's own `generate`: one sentence at a time (`decode = "stock"`)."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
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
from bot.speech.engines.chatterbox.voices import PreparedVoices, samples_before_last
from bot.speech.models import MODELS, Model
from bot.speech.types import EngineSpec, SelfCheck, Speech, SynthesisRequest, SynthesisResult
from bot.speech.voice_settings import ignored_notes, one_take

log = logging.getLogger(__name__)

# Stock raises an error at 0. Times any difference of logits, this vanishes beside a logit.
_NO_GUIDANCE = 1e-30


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
        if idle := settings_without_effect(spec):
            log.warning(
                'decode = "stock" makes these settings do nothing: %s',
                ", ".join(idle),
                extra={"stage": "engine"},
            )

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

    def withdraw(self, ticket: int) -> None:
        """Forget a request that waits; nothing is returned for it."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0] != ticket)

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
        if arguments.get("cfg_weight") == 0:
            arguments["cfg_weight"] = _NO_GUIDANCE
        # generate() caches into the T3Cond it is given and rewrites both, so it gets copies; the
        # tensors in them are only read.
        own = conditioning(prepared, arguments.get("exaggeration"))
        self._model.conds = type(prepared)(own, dict(prepared.gen))
        with (
            stage(timings, "synthesis"),
            self._torch.inference_mode(),
            quiet(),
            _left_as_it_was(self._model),
            _last_token_cut(self._model.s3gen, MODELS[self._spec.model]),
        ):
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
        if (takes := request.settings.takes or 1) > 1:
            notes += (one_take(takes),)
        return to_speech(samples, self._model.sr, timings, request.delivery, notes=notes)


def settings_without_effect(spec: EngineSpec) -> list[str]:
    """Return the settings that were given and that stock's decode knows nothing of."""
    check, usual, plain = spec.self_check, SelfCheck(), EngineSpec()
    given = {
        "precision": spec.precision != "auto",
        "flow_precision": spec.flow_precision != "auto",
        "slots": spec.slots is not None,
        "graphs": spec.graphs != plain.graphs,
        "fused": spec.fused != plain.fused,
        "tf32": spec.tf32 != plain.tf32,
        "vocoder_batch": spec.vocoder_batch != plain.vocoder_batch,
        "check_retries": check.enabled and check.retries != usual.retries,
        "trim_tail": check.enabled and check.trim_tail != usual.trim_tail,
        "steady_short": check.enabled and check.steady_short != usual.steady_short,
    }
    return [name for name, is_given in given.items() if is_given]


@contextlib.contextmanager
def _last_token_cut(s3gen: Any, model: Model) -> Iterator[None]:
    """Cut off the audio of the last token, before the watermark, for a model that wants it."""
    if not model.cuts_last_token:
        yield
        return
    whole = s3gen.inference

    def cut(speech_tokens: Any, **others: Any) -> Any:
        wave, source = whole(speech_tokens=speech_tokens, **others)
        return wave[..., : samples_before_last(int(speech_tokens.shape[-1]))], source

    s3gen.inference = cut
    try:
        yield
    finally:
        del s3gen.inference


@contextlib.contextmanager
def _left_as_it_was(model: Any) -> Iterator[None]:
    """Undo what `generate` leaves on the model.

    The multilingual one watches three layers with hooks that it never takes away, and computes
    attention slowly from then on. All keep the last voice and a wrapper of T3.
    """
    config = model.t3.cfg
    attention, outputs = config._attn_implementation, config.output_attentions
    try:
        yield
    finally:
        model.conds = None
        model.t3._modules.pop("patched_model", None)
        config.output_attentions = outputs
        config._attn_implementation = attention
        for module in model.t3.modules():
            for key, hook in list(module._forward_hooks.items()):
                # Those of transformers stay: it installs them once.
                if "AlignmentStreamAnalyzer" in hook.__qualname__:
                    del module._forward_hooks[key]
