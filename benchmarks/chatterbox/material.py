"""What both ways are given: texts, a voice, and T3 weights whose speech ends where it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bot.speech.engines.chatterbox.prompts import (
    MAX_SPEECH_TOKENS,
    conditioning,
    sampling_settings,
    text_tokens,
)
from bot.speech.engines.chatterbox.t3.decoder import Prompt
from bot.speech.engines.chatterbox.t3.sampling import Sampling
from bot.speech.engines.chatterbox.voices import TOKENS_PER_SECOND
from bot.speech.types import ChatterboxModel, SynthesisRequest, VoiceReference, VoiceSettings
from storage.clips import clip_path, write_clip
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from tools.random_checkpoint import SPEECH_TOKENS, move_end

SENTENCES = (
    "Good evening, everyone.",
    "The trains to the coast run every hour until midnight, and the last one waits for the ferry.",
    "Please take your seats now, because the doors will be closed a minute before we leave.",
)
LONG_TEXT = (
    "The house stood at the end of a narrow street, where the town gave way to fields and the "
    "wind came in from the sea. Nobody had lived in it for years and the garden had grown "
    "over the path that once led to its door. In spring the children came to pick the apples "
    "that nobody else wanted, and in autumn they told each other that somebody walked behind "
    "the windows at night. Their parents laughed at that, but none of them went near the "
    "place after dark, and when the old gate moved in the wind they walked a little faster "
    "and talked a little louder until they saw the lamps of the square and smelt tea."
)
"""600 letters, about as many as one `/say` takes."""

TOKENS_PER_CHARACTER = 25 / 15
"""English is read at about 15 characters a second, and a second is 25 tokens."""

REFERENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that was spoken; times in seconds since it was asked for.

    spent: what the stages took, where that is known.
    """

    first_packet: float
    total: float
    speech: float
    spent: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Return it for a result."""
        return {
            "first_packet_seconds": round(self.first_packet, 3),
            "total_seconds": round(self.total, 3),
            "speech_seconds": round(self.speech, 2),
            "real_time_factor": round(self.total / self.speech, 3),
            "spent_seconds": dict(self.spent),
        }


@dataclass(frozen=True, slots=True)
class Decoding:
    """Speech tokens of one or more texts; times in seconds.

    total: with reading the text and the voice. steps: without.
    """

    tokens: int
    total: float
    steps: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.total


def tokens_of(sentence: str) -> int:
    """Return how many speech tokens a reader would need."""
    return round(len(sentence) * TOKENS_PER_CHARACTER)


def request_of(text: str, voice: VoiceReference, seed: int = 0) -> SynthesisRequest:
    """Return the request to speak a text with the model's defaults."""
    return SynthesisRequest(text, voice, settings=VoiceSettings(seed=seed))


def prompts(
    model: Any,
    prepared: Any,
    voice: VoiceReference,
    count: int,
    name: ChatterboxModel = "english",
) -> list[Prompt]:
    """Return the same sentence so many times, each with a seed of its own, as T3 is asked for it.

    prepared: the conditionals of `voice`. name: of the model.
    """
    requests = [request_of(SENTENCES[1], voice, seed) for seed in range(count)]
    settings = sampling_settings(name, requests[0])
    exaggeration = settings.pop("exaggeration", None)
    settings.setdefault("cfg_weight", 0.0)
    return [
        Prompt(
            conditioning(prepared, exaggeration),
            text_tokens(model, name, request),
            seed,
            Sampling(**settings),
        )
        for seed, request in enumerate(requests)
    ]


def precision_of(model: Any) -> str:
    """Return what T3 computes in, "float32" or "bfloat16"."""
    return str(model.t3.speech_head.weight.dtype).removeprefix("torch.")


@contextmanager
def endless(t3: Any, head: Any = None) -> Iterator[None]:
    """Let speech go on to whatever limit there is meanwhile.

    head: what a decoder of our own takes the logits with; in half precision it is a copy.
    """
    if not t3.is_gpt:
        with ending_after(t3, MAX_SPEECH_TOKENS):
            yield
        return
    biases, stop = [t3.speech_head.bias.data], t3.hp.stop_speech_token
    if getattr(head, "bias", None) is not None:
        biases.append(head.bias)
    usual = [bias[stop].clone() for bias in biases]
    _set(biases, stop, [-1e4] * len(biases))
    try:
        yield
    finally:
        _set(biases, stop, usual)


def _set(biases: list[Any], token: int, values: Sequence[Any]) -> None:
    import torch

    with torch.inference_mode():  # where the copies were made
        for bias, value in zip(biases, values, strict=True):
            bias[token] = value


@contextmanager
def ending_after(t3: Any, tokens: int) -> Iterator[None]:
    """Let all speech be so many tokens long meanwhile."""
    move_end(t3, SPEECH_TOKENS, tokens)
    try:
        yield
    finally:
        move_end(t3, tokens, SPEECH_TOKENS)


def require_tokens(spoken: float, tokens: int) -> None:
    """Compare only what was really spoken: a text that ended early would look quick."""
    if abs(spoken - tokens) > max(2, 0.05 * tokens):
        raise RuntimeError(f"{spoken:g} tokens were spoken, not {tokens}.")


def require_seconds(spoken: float, tokens: int) -> None:
    """The same for speech in seconds."""
    require_tokens(spoken * TOKENS_PER_SECOND, tokens)


def store_voice(directory: Path) -> tuple[VoiceReference, Path]:
    """Make ten seconds that sound a little like a voice, in storage and as a WAV file for stock."""
    count = round(REFERENCE_SECONDS * CLIP_SAMPLE_RATE)
    at = np.arange(count) / CLIP_SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 20))
    samples = 0.1 * buzz * (1 + np.sin(2 * np.pi * 4 * at))
    samples = (samples + np.random.default_rng(0).normal(0, 0.003, count)).astype(np.float32)
    clip = ReferenceClip(samples)
    path = clip_path(directory, clip.sha256)
    write_clip(path, clip)
    reference = directory / "reference.wav"
    soundfile.write(reference, samples, CLIP_SAMPLE_RATE, subtype="FLOAT")
    return VoiceReference(path, clip.sha256), reference
