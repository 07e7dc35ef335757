"""Stock chatterbox-tts: which models there are, and loading one quietly, with clear errors."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import languages
from bot.speech.types import ChatterboxModel, EngineSpec

log = logging.getLogger(__name__)

_TOKEN_WANTED = re.compile("GatedRepo|401 Client Error|403 Client Error|Unauthorized")
_OUT_OF_MEMORY = re.compile("out of memory|not enough memory|allocate memory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model's class is, which files `from_local` reads, which references it takes."""

    module: str
    class_name: str
    files: tuple[str, ...]
    min_reference_seconds: float = 0.0


MODELS: dict[ChatterboxModel, ModelFiles] = {
    "english": ModelFiles(
        "chatterbox.tts",
        "ChatterboxTTS",
        ("ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json"),
    ),
    "turbo": ModelFiles(
        "chatterbox.tts_turbo",
        "ChatterboxTurboTTS",
        (
            "ve.safetensors",
            "t3_turbo_v1.safetensors",
            "s3gen_meanflow.safetensors",
            "tokenizer_config.json",
        ),
        min_reference_seconds=5.0,
    ),
    "multilingual": ModelFiles(
        "chatterbox.mtl_tts",
        "ChatterboxMultilingualTTS",
        (
            "ve.pt",
            "t3_mtl23ls_v2.safetensors",
            "s3gen.pt",
            "grapheme_mtl_merged_expanded_v1.json",
        ),
    ),
}


def load_model(spec: EngineSpec, device: str) -> Any:
    """Return the loaded model, an object of the class that `MODELS` names.

    Raises `EngineDeadError` when the package, the checkpoint, the network or the memory is wanting.
    """
    if spec.checkpoint is not None:
        # Read when the hub's library is imported. Without it the multilingual model retries for
        # half a minute to fetch a file that is optional.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    description = MODELS[spec.model]
    model_class = getattr(import_package(description.module), description.class_name)
    _require_watermarker()
    _remove_progress_bars()
    _filter_speech_tokens()
    languages.prepare(online=spec.checkpoint is None)
    try:
        with quiet():
            if spec.checkpoint is None:
                return _keep_float32(model_class.from_pretrained(device))
            _require_files(spec.checkpoint, spec.model, description.files)
            return _keep_float32(model_class.from_local(spec.checkpoint, device))
    except EngineDeadError:
        raise
    except Exception as error:
        log.debug("loading failed", exc_info=True)
        raise EngineDeadError(_load_advice(spec, error)) from None


def _load_advice(spec: EngineSpec, error: Exception) -> str:
    if is_out_of_memory(error):
        return (
            f"There is too little memory for the {spec.model} model. Close other programs, or "
            "choose another device with [engine] device."
        )
    if _TOKEN_WANTED.search(f"{type(error).__name__} {error}"):
        return (
            f"The hub gives the {spec.model} model only to accounts that accepted its terms. "
            "Accept them on its page, make a token there and set HF_TOKEN to it."
        )
    return (
        f"The {spec.model} model could not be loaded from {spec.checkpoint or 'the model hub'} "
        f"({type(error).__name__}: {first_line(error)}). Check the files or the network "
        "connection; [engine] checkpoint names a directory of files."
    )


def import_package(name: str) -> ModuleType:
    """Import a module of torch or chatterbox; raises `EngineDeadError` that says how to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EngineDeadError(
            f"The engine chatterbox is not installed completely ({error}). "
            "Install it: run `make install-chatterbox` in Mynah's folder."
        ) from error


def choose_device(torch: Any, wanted: str) -> str:
    """Return the device for "auto", or the wanted one; raises `EngineDeadError` without it."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(device for device, there in available.items() if there)
    if not available.get(wanted.split(":")[0], False):
        raise EngineDeadError(
            f"This machine has no device {wanted!r} that torch can use. "
            'Set [engine] device to "auto" or "cpu".'
        )
    return wanted


def _require_files(directory: Path, model: str, files: Sequence[str]) -> None:
    missing = [name for name in files if not (directory / name).is_file()]
    if missing:
        raise EngineDeadError(
            f"{directory} is not a checkpoint of the {model} model: it has no "
            f"{', '.join(missing)}. Set [engine] checkpoint to the directory with these files, or "
            "remove it to download them."
        )


def _require_watermarker() -> None:
    if getattr(import_package("perth"), "PerthImplicitWatermarker", None) is None:
        raise EngineDeadError(
            "The watermark of Chatterbox cannot be loaded, because setuptools is too new. "
            "Install an older one: .venv/bin/pip install 'setuptools<81'"
        )


def _remove_progress_bars() -> None:
    """Stop the bars and lines that stock code writes for every sentence, in any thread."""
    for name in ("chatterbox.models.t3.t3", "chatterbox.models.s3gen.flow_matching"):
        vars(import_package(name)).update(tqdm=_without_bar, print=_without_bar)
    # The multilingual guard warns of every token that comes twice in a row.
    analyzer = "chatterbox.models.t3.inference.alignment_stream_analyzer"
    logging.getLogger(analyzer).setLevel(logging.ERROR)


def _filter_speech_tokens() -> None:
    """Drop what is no speech token in the multilingual model, as the others do.

    Such a token is an IndexError in S3Gen, and on a GPU an assert that ends the process.
    """
    vars(import_package("chatterbox.mtl_tts"))["drop_invalid_tokens"] = _speech_tokens


def _keep_float32(model: Any) -> Any:
    """Let Turbo work with numpy 2, which makes float64 of the reference it has levelled."""
    if hasattr(model, "norm_loudness"):
        original = model.norm_loudness
        model.norm_loudness = lambda *args, **kwargs: original(*args, **kwargs).astype("float32")
    return model


def _speech_tokens(tokens: Any) -> Any:
    s3tokenizer = import_package("chatterbox.models.s3tokenizer")
    kept = s3tokenizer.drop_invalid_tokens(tokens)
    return kept[kept < s3tokenizer.SPEECH_VOCAB_SIZE]


def _without_bar(iterable: Any = None, *_args: Any, **_kwargs: Any) -> Any:
    return iterable


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Log what stock code prints."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        for line in filter(None, printed.getvalue().splitlines()):
            log.debug("chatterbox: %s", line)


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch or Python got no memory, on the processor or on the device."""
    return isinstance(error, MemoryError) or bool(_OUT_OF_MEMORY.search(str(error)))


def first_line(error: Exception) -> str:
    """Return the first line of an error's text; torch adds many more."""
    return next(iter(str(error).splitlines()), "")
