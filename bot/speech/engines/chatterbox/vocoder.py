"""From speech tokens to samples: S3Gen and HiFT, with the noise that stock would draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox import flow
from bot.speech.engines.chatterbox.t3.backbone import Tensor
from bot.speech.engines.chatterbox.voices import samples_before_last

SPEECH_TOKENS = 6561
"""Tokens below are sounds; those from there on steer the decoding."""

_START, _STOP = 6561, 6562
_SILENCE = 4299
_MELS = 80


@dataclass(frozen=True, slots=True)
class Sounds:
    """One sentence to be made audible.

    tokens: from `speech_tokens`. prompt: the `gen` of the voice's conditionals. seed, random_state:
    of the text's generator when its decoding had ended.
    """

    tokens: Tensor
    prompt: dict[str, Any]
    seed: int
    random_state: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """What must be equal for two sentences to be computed together."""
        return len(self.tokens), self.prompt["prompt_token"].shape[1]


class Vocoder:
    """S3Gen's flow in batches of equal lengths, and HiFT for each.

    Random numbers are drawn per sentence, in stock's order, so the samples are stock's. It uses
    torch's global random numbers: one thread at a time.

    graphs: whether the flow is captured in CUDA graphs where the device is a GPU. tf32, batch:
    see `flow.speed_up`.
    cut_last_token: whether the audio of a sentence's last token is cut off.
    """

    def __init__(
        self,
        model: Any,
        *,
        graphs: bool = True,
        tf32: bool = False,
        batch: int = 1,
        cut_last_token: bool = False,
    ) -> None:
        self._model, self._s3gen = model, model.s3gen
        self._cut_last_token = cut_last_token
        fold_weight_norm(self._s3gen.mel2wav)
        # On a GPU beside the decoding's stream, not between its steps.
        on_gpu = self._s3gen.device.type == "cuda"
        self._stream = torch.cuda.Stream(self._s3gen.device) if on_gpu else None
        flow.speed_up(
            self._s3gen.flow,
            meanflow=self._s3gen.meanflow,
            graphs=graphs and on_gpu,
            tf32=tf32,
            batch=batch,
        )

    def speak(self, batch: Sequence[Sounds]) -> list[Samples]:
        """Return the samples (float32, shape (n,), 24 kHz) of sentences.

        On a CPU they should be of the same `shape`: the longest decides what all of them take.
        """
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            noises, states = zip(*(self._noise(sounds) for sounds in batch), strict=True)
            if len({sounds.shape for sounds in batch}) == 1:
                mels = self._flow(batch, torch.cat(noises))
            else:
                mels = self._flow_together(batch, noises)
            waves = [self._wave(mel, state) for mel, state in zip(mels, states, strict=True)]
        if self._cut_last_token:
            return [
                wave[: samples_before_last(len(sounds.tokens))]
                for wave, sounds in zip(waves, batch, strict=True)
            ]
        return waves

    def mark(self, samples: Samples) -> Samples:
        """Return the samples with the watermark that says that they are synthetic."""
        # Outside of inference_mode each call would leave a graph behind.
        with torch.inference_mode():
            marked = self._model.watermarker.apply_watermark(samples, sample_rate=self._model.sr)
        return np.asarray(marked, dtype=np.float32)

    def _noise(self, sounds: Sounds) -> tuple[Tensor, list[Tensor]]:
        """Draw what the flow starts from, and return it with the state of the random numbers."""
        device = self._s3gen.device
        torch.manual_seed(sounds.seed)  # on a GPU, HiFT draws some numbers on the CPU
        _set_random_state(sounds.random_state, device)
        frames = 2 * len(sounds.tokens)
        whole = frames + 2 * sounds.prompt["prompt_token"].shape[1]
        speech = None
        if self._s3gen.meanflow:
            speech = torch.randn(1, _MELS, frames, dtype=self._s3gen.dtype, device=device)
        noise = torch.randn(1, _MELS, whole, dtype=self._s3gen.dtype, device=device)
        if speech is not None:
            noise[..., -frames:] = speech
        return noise, _random_states(device)

    def _flow_together(self, batch: Sequence[Sounds], noises: Sequence[Tensor]) -> list[Tensor]:
        asked = [
            self._arguments([sounds], noise) for sounds, noise in zip(batch, noises, strict=True)
        ]
        return [mel[0] for mel in flow.infer_together(self._s3gen.flow, asked)]

    def _flow(self, batch: Sequence[Sounds], noise: Tensor) -> Tensor:
        mels, _ = self._s3gen.flow.inference(**self._arguments(batch, noise))
        return mels

    def _arguments(self, batch: Sequence[Sounds], noise: Tensor) -> dict[str, Any]:
        def together(name: str) -> Tensor:
            return torch.cat([sounds.prompt[name] for sounds in batch]).to(self._s3gen.device)

        tokens = torch.stack([sounds.tokens for sounds in batch]).to(self._s3gen.device)
        lengths = torch.full_like(tokens[:, 0], tokens.shape[1])
        return {
            "token": tokens,
            "token_len": lengths,
            "prompt_token": together("prompt_token"),
            "prompt_token_len": together("prompt_token_len"),
            "prompt_feat": together("prompt_feat"),
            "prompt_feat_len": None,
            "embedding": together("embedding"),
            "finalize": True,
            "n_timesteps": 2 if self._s3gen.meanflow else 10,
            "noised_mels": noise,
            "meanflow": self._s3gen.meanflow,
        }

    def _wave(self, mel: Tensor, states: list[Tensor]) -> Samples:
        _set_random_states(states, self._s3gen.device)
        wave, _ = self._s3gen.hift_inference(mel[None].to(self._s3gen.dtype))
        # The start would carry over from the reference.
        fade = self._s3gen.trim_fade
        wave[:, : len(fade)] *= fade[: wave.shape[1]]
        return np.asarray(wave[0].cpu().numpy(), dtype=np.float32)


def speech_tokens(decoded: Sequence[int], *, turbo: bool) -> Tensor:
    """Return the tokens (length,) that S3Gen takes: the sounds between start and stop.

    A token that is no sound would be an IndexError in S3Gen, and on a GPU the end of the process.
    """
    tokens = list(decoded)
    if turbo:  # stock keeps what comes after a stop token, and ends with silence
        return torch.tensor([*filter(_is_sound, tokens), _SILENCE, _SILENCE, _SILENCE])
    if _STOP in tokens:
        tokens = tokens[: tokens.index(_STOP)]
    if _START in tokens:
        tokens = tokens[tokens.index(_START) + 1 :]
    return torch.tensor([*filter(_is_sound, tokens)], dtype=torch.long)


def fold_weight_norm(module: Any) -> None:
    """Compute normalised weights once, not in every call; the result is the same to the bit."""
    for part in module.modules():
        for name in list(getattr(part, "parametrizations", ())):
            with torch.no_grad():
                parametrize.remove_parametrizations(part, name, leave_parametrized=True)


def _is_sound(token: int) -> bool:
    return token < SPEECH_TOKENS


def _set_random_state(state: Tensor, device: Any) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.set_rng_state(state)


def _random_states(device: Any) -> list[Tensor]:
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    elif device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def _set_random_states(states: list[Tensor], device: Any) -> None:
    torch.set_rng_state(states[0])
    _set_random_state(states[-1], device)
