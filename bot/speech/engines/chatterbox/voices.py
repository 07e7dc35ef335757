"""What the model needs of a voice, prepared once per clip."""

from __future__ import annotations

import io
from typing import Any

from bot.errors import UserError
from bot.i18n import Translatable
from bot.speech.clip_reading import reading_clip
from bot.speech.engines.base import Timings, stage
from bot.speech.engines.chatterbox.cache import ConditionalsCache
from bot.speech.engines.chatterbox.device import free_bytes
from bot.speech.engines.chatterbox.stock import import_package, quiet
from bot.speech.models import MODELS
from bot.speech.types import EngineSpec, VoiceReference
from storage.clips import decode_content, load_clip
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

_HEADROOM_BYTES = 256 * 1024**2

TOKENS_PER_SECOND = 25
"""Speech tokens in a second of audio; S3Gen makes two mel frames of each."""

SAMPLES_PER_TOKEN = 24_000 // TOKENS_PER_SECOND


class PreparedVoices:
    """Prepares clips with the model and keeps what was used last, within `spec.cache_bytes`."""

    def __init__(self, model: Any, spec: EngineSpec) -> None:
        self._model, self._spec = model, spec
        self._torch = import_package("torch")
        self._least_seconds = MODELS[spec.model].min_reference_seconds
        # One voice takes about 0.5 MB.
        self._cache: ConditionalsCache[str, Any] = ConditionalsCache(
            spec.cache_bytes, conditionals_bytes, self._room
        )

    @property
    def bytes_used(self) -> int:
        """Bytes of all voices that are held."""
        return self._cache.bytes_used

    def get(self, voice: VoiceReference, timings: Timings) -> Any:
        """Return chatterbox's `Conditionals` of a voice. Do not mutate.

        Raises `EngineError` for a damaged clip and `UserError` for one that is too short.
        """
        return self._cache.get_or_make(
            voice.clip_sha256, lambda: self._prepare(self._load_clip(voice), timings)
        )

    def forget(self, clip_sha256: str) -> None:
        """Forget the voice of one clip."""
        self._cache.forget(clip_sha256)

    def clear(self) -> None:
        """Forget all voices; they are prepared again when they are needed."""
        self._cache.clear()

    def _load_clip(self, voice: VoiceReference) -> ReferenceClip:
        with reading_clip():
            if voice.content is not None:
                return decode_content(voice.content, voice.clip_sha256)
            return load_clip(voice.clip_path, voice.clip_sha256, self._spec.keys)

    def _room(self) -> int:
        """What is free on the device beyond what speaking needs; below 0, voices give way."""
        return free_bytes(self._torch, str(self._model.device)) - _HEADROOM_BYTES

    def _prepare(self, clip: ReferenceClip, timings: Timings) -> Any:
        if clip.seconds <= self._least_seconds:
            raise UserError(
                Translatable(
                    "This voice's recording has {seconds:.1f} s and the {model} model needs more "
                    "than {least:g} s. Enrol the voice again with a longer recording.",
                    seconds=clip.seconds,
                    model=self._spec.model,
                    least=self._least_seconds,
                )
            )
        # Without inference_mode each voice pins the 242 MB graph of its preparation.
        with stage(timings, "conditionals"), self._torch.inference_mode(), quiet():
            self._model.prepare_conditionals(_wav_file(clip))
        # The model would hold it beyond the bound of the cache.
        prepared, self._model.conds = self._model.conds, None
        if self._spec.prompt_seconds is not None:
            shorten_prompt(prepared.gen, self._spec.prompt_seconds)
        return prepared


def shorten_prompt(prompt: dict[str, Any], seconds: float) -> None:
    """Show S3Gen only the first seconds of the voice: quicker, and less like it."""
    tokens = max(1, round(seconds * TOKENS_PER_SECOND))
    # Copies, so that what is cut off is not held.
    prompt["prompt_token"] = prompt["prompt_token"][:, :tokens].clone()
    prompt["prompt_feat"] = prompt["prompt_feat"][:, : 2 * tokens].clone()
    prompt["prompt_token_len"] = prompt["prompt_token_len"].clamp(max=tokens)


def samples_before_last(tokens: int) -> int:
    """Return how many samples so many tokens make without the last one; one token is kept."""
    return max(1, tokens - 1) * SAMPLES_PER_TOKEN


def conditionals_bytes(prepared: Any) -> int:
    """Return the bytes of the tensors in chatterbox's `Conditionals`."""
    values = [*vars(prepared.t3).values(), *prepared.gen.values()]
    return sum(value.nbytes for value in values if hasattr(value, "nbytes"))


def _wav_file(clip: ReferenceClip) -> io.BytesIO:
    """The clip as a WAV file in memory, as float samples and therefore unchanged.

    `prepare_conditionals` hands its argument to librosa, which reads file objects too.
    """
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, clip.samples, CLIP_SAMPLE_RATE, format="WAV", subtype="FLOAT")
    file.seek(0)
    return file
