"""The engine that clones: chatterbox-tts through its own `generate`.

What a voice needs is prepared once per clip and cached. Stock code shares mutable state, so one
thread uses the model, and every request gets conditionals of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bot.errors import EngineDeadError, EngineError, UserError
from bot.speech.engines.base import Samples, Timings, stage, synthesize_each, to_speech
from bot.speech.engines.chatterbox.cache import ConditionalsCache
from bot.speech.engines.chatterbox.stock import (
    MODELS,
    choose_device,
    first_line,
    import_package,
    is_out_of_memory,
    load_model,
    quiet,
)
from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from storage.clips import load_clip
from storage.errors import DamagedClipError
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip


class ChatterboxEngine:
    """A `SpeechEngine` over chatterbox-tts.

    Raises `EngineDeadError` when the package, the checkpoint, the device or the memory is wanting.
    """

    def __init__(self, spec: EngineSpec, reason: str) -> None:
        start = time.perf_counter()
        self._spec = spec
        self._description = MODELS[spec.model]
        self._torch = import_package("torch")
        device = choose_device(self._torch, spec.device)
        self._model = load_model(spec, device)
        # One cached voice takes about 0.5 MB.
        self._conditionals: ConditionalsCache[str, Any] = ConditionalsCache(
            spec.cache_bytes, _conditionals_bytes
        )
        self.info = EngineInfo(
            kind="chatterbox",
            model=spec.model,
            device=device,
            clones=True,
            reason=reason,
            load_seconds=time.perf_counter() - start,
        )

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Speak one request after another; see `SpeechEngine`."""
        return synthesize_each(batch, self._speak)

    def close(self) -> None:
        """Drop the model and the prepared voices."""
        self._conditionals.clear()
        del self._model
        self._free_device_memory()

    def conditionals(self, voice: VoiceReference, timings: Timings) -> Any:
        """Return chatterbox's `Conditionals` of a voice, prepared on first use. Do not mutate.

        Raises `EngineError` for a damaged clip and `UserError` for one that is too short.
        """
        return self._conditionals.get_or_make(
            voice.clip_sha256, lambda: self._prepare(_load_clip(voice), timings)
        )

    def generate(self, request: SynthesisRequest, timings: Timings) -> Samples:
        """Return what stock `generate` gives for the request: float32, shape (n,), 24 kHz."""
        prepared = self.conditionals(request.voice, timings)
        # generate() caches into the T3Cond it is given and rewrites both, so it gets copies; the
        # tensors in them are only read.
        self._model.conds = type(prepared)(dataclasses.replace(prepared.t3), dict(prepared.gen))
        with stage(timings, "synthesis"), self._torch.inference_mode(), quiet():
            if request.seed is not None:
                self._torch.manual_seed(request.seed)
            else:
                self._torch.seed()
            wave = self._model.generate(request.text, **self._language(request.language))
        return np.asarray(wave.squeeze(0).numpy(), dtype=np.float32)

    def _speak(self, request: SynthesisRequest) -> Speech:
        timings: Timings = {}
        with self._errors_explained():
            samples = self.generate(request, timings)
        return to_speech(samples, self._model.sr, timings)

    def _prepare(self, clip: ReferenceClip, timings: Timings) -> Any:
        least = self._description.min_reference_seconds
        if clip.seconds <= least:
            raise UserError(
                f"This voice's recording has {clip.seconds:.1f} s and the {self._spec.model} model "
                f"needs more than {least:g} s. Enrol the voice again with a longer recording."
            )
        # Without inference_mode each voice pins the 242 MB graph of its preparation.
        with stage(timings, "conditionals"), self._torch.inference_mode(), quiet():
            self._model.prepare_conditionals(_wav_file(clip))
        return self._model.conds

    def _language(self, language: str | None) -> dict[str, str]:
        if self._spec.model != "multilingual":
            return {}  # they speak English only
        code = (language or "en").split("-")[0].lower()
        supported: dict[str, str] = self._model.get_supported_languages()
        if code not in supported:
            raise UserError(
                f"The voice engine does not speak the language {code!r}. "
                f"It speaks {', '.join(sorted(supported))}."
            )
        return {"language_id": code}

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if is_out_of_memory(error):
                self._conditionals.clear()
                self._free_device_memory()
                raise EngineError(
                    "The voice engine ran out of memory. Try a shorter text, or again in a minute."
                ) from None
            if "CUDA error" in str(error):
                # After one, every further call of this process fails.
                raise EngineDeadError(f"The GPU failed ({first_line(error)}).") from None
            raise

    def _free_device_memory(self) -> None:
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()


def _load_clip(voice: VoiceReference) -> ReferenceClip:
    try:
        return load_clip(voice.clip_path, voice.clip_sha256)
    except DamagedClipError as error:
        raise EngineError(str(error)) from error


def _wav_file(clip: ReferenceClip) -> io.BytesIO:
    """The clip as a WAV file in memory, as float samples and therefore unchanged.

    `prepare_conditionals` hands its argument to librosa, which reads file objects too.
    """
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, clip.samples, CLIP_SAMPLE_RATE, format="WAV", subtype="FLOAT")
    file.seek(0)
    return file


def _conditionals_bytes(prepared: Any) -> int:
    values = [*vars(prepared.t3).values(), *prepared.gen.values()]
    return sum(value.nbytes for value in values if hasattr(value, "nbytes"))
