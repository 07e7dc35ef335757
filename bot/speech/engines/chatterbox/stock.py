"""Stock chatterbox-tts: importing it with clear errors, and keeping it quiet and safe."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from bot.errors import EngineDeadError
from bot.installation import advice
from bot.librosa_loading import load_librosa
from bot.speech.engines.chatterbox.device import trouble_with

log = logging.getLogger(__name__)

_OUT_OF_MEMORY = re.compile("out of memory|not enough memory|allocate memory", re.IGNORECASE)


def prepare_package() -> None:
    """Make the package quiet and safe; raises `EngineDeadError` where it is not complete."""
    _require_watermarker()
    _remove_progress_bars()
    _filter_speech_tokens()


def import_package(name: str) -> ModuleType:
    """Import a module of torch or chatterbox.

    Raises `EngineDeadError`, which says how to install, where it or what it needs is missing or
    broken.
    """
    try:
        if not name.startswith("torch"):
            load_librosa()
        return importlib.import_module(name)
    except ImportError as error:
        raise EngineDeadError(
            f"The engine chatterbox is not installed completely ({first_line(error)}). "
            f"Install it: {advice('chatterbox')}."
        ) from error
    except Exception as error:
        # A library that is gone is an OSError; packages of versions that do not fit raise anything.
        log.debug("importing failed", exc_info=True)
        raise EngineDeadError(
            f"The engine chatterbox is installed, but {name} cannot be imported "
            f"({type(error).__name__}: {first_line(error)}). Install it anew: in Mynah's folder, "
            "remove .venv and run `make install-chatterbox`."
        ) from error


def choose_device(torch: Any, wanted: str) -> str:
    """Return the device for "auto", or the wanted one.

    Raises `EngineDeadError` where it is not there, or torch cannot compute on it.
    """
    devices = ["mps", "cpu"] if torch.backends.mps.is_available() else ["cpu"]
    if torch.cuda.is_available():
        cards = range(torch.cuda.device_count())
        devices = ["cuda", *(f"cuda:{number}" for number in cards), *devices]
    if wanted == "auto":
        return next(device for device in devices if _is_usable(torch, device))
    if wanted not in devices:
        raise EngineDeadError(
            f"This machine has no device {wanted!r} that torch can use, but {', '.join(devices)}. "
            'Set [engine] device to one of them or to "auto"; where devices names it, take it out.'
        )
    if trouble := _trouble(torch, wanted):
        raise EngineDeadError(
            f"torch cannot compute on {wanted!r} ({trouble}). `make install-chatterbox` says which "
            'torch fits this card; without it, set [engine] device to "auto" or "cpu".'
        )
    return wanted


def _is_usable(torch: Any, device: str) -> bool:
    if trouble := _trouble(torch, device):
        log.warning("the GPU %s cannot be used: %s", device, trouble, extra={"stage": "engine"})
    return not trouble


def _trouble(torch: Any, device: str) -> str:
    return trouble_with(torch, device) if device.startswith("cuda") else ""


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
    # transformers warns of what stock code asks of it.
    for name in (analyzer, "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _filter_speech_tokens() -> None:
    """Drop what is no speech token in the multilingual model, as the others do.

    Such a token is an IndexError in S3Gen, and on a GPU an assert that ends the process.
    """
    vars(import_package("chatterbox.mtl_tts"))["drop_invalid_tokens"] = _speech_tokens


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
