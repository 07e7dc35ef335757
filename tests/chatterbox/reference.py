"""Stock's own classes and loading, for models that the installed release does not know, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from bot.speech.engines.chatterbox import languages
from bot.speech.engines.chatterbox.loading import keep_float32
from bot.speech.engines.chatterbox.stock import prepare_package, quiet
from bot.speech.types import ChatterboxModel

# What `from_local` of the release looks for, and what it is to find there.
_NAMES = {
    "nano": ("t3_turbo_v1.safetensors", "t3_nano_v1.safetensors"),
    "multilingual": ("t3_mtl23ls_v2.safetensors", "t3_mtl23ls_v3.safetensors"),
}


def linked(checkpoint: Path, directory: Path) -> Path:
    """Fill a directory with links to the files of a checkpoint."""
    for file in checkpoint.iterdir():
        (directory / file.name).symlink_to(file)
    return directory


def load_reference(name: ChatterboxModel, checkpoint: Path, directory: Path) -> Any:
    """Load a model by stock `from_local`; `directory` is an empty one for links to its files."""
    prepare_package()
    languages.prepare(online=False)
    linked(checkpoint, directory)
    if name in _NAMES:
        link, file_name = _NAMES[name]
        (directory / link).symlink_to(checkpoint / file_name)
    with quiet(), _backbone_of(name):
        model = keep_float32(_class(name).from_local(directory, "cpu"))
    return _as_version_3(model) if name == "multilingual" else model


def _class(name: ChatterboxModel) -> Any:
    if name == "english":
        from chatterbox.tts import ChatterboxTTS as Stock
    elif name in ("turbo", "nano"):
        from chatterbox.tts_turbo import ChatterboxTurboTTS as Stock
    else:
        from chatterbox.mtl_tts import ChatterboxMultilingualTTS as Stock
    return Stock


@contextmanager
def _backbone_of(name: ChatterboxModel) -> Iterator[None]:
    """Let Turbo have Nano's backbone, as upstream's later GPT2_small describes it."""
    from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS

    medium = LLAMA_CONFIGS["GPT2_medium"]
    layers = min(12, medium["n_layer"])  # a tiny one has fewer
    small = {"n_embd": 768, "hidden_size": 768, "n_head": 12, "n_layer": layers}
    with mock.patch.dict(medium, small if name == "nano" else {}):
        yield


def _as_version_3(model: Any) -> Any:
    """Do what upstream's later code does with version 3: no guard, and the end cut off."""
    unguarded = {"is_multilingual": False}
    model.t3.hp.__class__ = type("Unguarded", (type(model.t3.hp),), unguarded)
    generate, inference, mark = model.generate, model.s3gen.inference, model.watermarker
    heard: list[int] = []

    def counting(speech_tokens: Any, **others: Any) -> Any:
        heard.append(int(speech_tokens.shape[-1]))
        return inference(speech_tokens=speech_tokens, **others)

    class CutAndMark:
        def apply_watermark(self, wav: Any, sample_rate: int) -> Any:
            kept = max(1, heard[-1] - 1) * (24_000 // 25)
            return mark.apply_watermark(wav[:kept], sample_rate=sample_rate)

    def generate_as_version_3(text: str, **settings: Any) -> Any:
        return generate(text, **{"repetition_penalty": 1.2, **settings})

    model.s3gen.inference = counting
    model.watermarker, model.generate = CutAndMark(), generate_as_version_3
    return model
