"""Loading a model: found or downloaded, weighed against the memory, put together."""

from __future__ import annotations

import logging
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox import languages
from bot.speech.engines.chatterbox.assemble import assemble
from bot.speech.engines.chatterbox.files import FoundModel, find_checkpoint, find_in
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.engines.chatterbox.hub.repository import cached
from bot.speech.engines.chatterbox.memory import published_weights, require_memory
from bot.speech.engines.chatterbox.stock import (
    first_line,
    import_package,
    is_out_of_memory,
    prepare_package,
    quiet,
)
from bot.speech.load_progress import ProgressFile
from bot.speech.models import MODELS
from bot.speech.types import EngineSpec

log = logging.getLogger(__name__)


def locate(spec: EngineSpec, device: str = "cpu") -> FoundModel:
    """Return the model that `spec` names, after downloading it if need be.

    It may be another one, see `find_checkpoint`; its `note` says so.
    device: where it will be loaded. Nothing is downloaded that does not fit there.
    Raises `EngineDeadError` when files, the network or the memory are wanting.
    """
    model = MODELS[spec.model]
    if spec.checkpoint is not None:
        found = find_checkpoint(spec.checkpoint, spec.model)
        if found.note:
            log.warning("about the model's files: %s", found.note, extra={"stage": "engine"})
        return found
    if cached(model) is None:
        require_memory(import_package("torch"), device, model.name, published_weights(model))
    return find_in(fetch_model(model, ProgressFile(spec.progress_file)), model)


def load_model(spec: EngineSpec, device: str) -> Any:
    """Return the model of `spec`; see `load_found` and `locate`."""
    return load_found(locate(spec, device), device, online=spec.checkpoint is None)


def load_found(found: FoundModel, device: str, *, online: bool) -> Any:
    """Return the loaded model, an object of the class that its definition names.

    online: whether what Chinese needs may be downloaded.
    Raises `EngineDeadError` when the package, a file or the memory is wanting.
    """
    prepare_package()
    languages.prepare(online=online, table=found.named(languages.CANGJIE))
    require_memory(import_package("torch"), device, found.model.name, found.weights)
    try:
        with quiet():
            return keep_float32(assemble(found, device))
    except EngineDeadError:
        raise
    except Exception as error:
        log.debug("loading failed", exc_info=True)
        raise EngineDeadError(_advice(found, error)) from None


def _advice(found: FoundModel, error: Exception) -> str:
    if is_out_of_memory(error):
        return (
            f"There is too little memory for the {found.model.name} model. Close other programs, "
            "or choose another device with [engine] device."
        )
    return (
        f"The {found.model.name} model could not be loaded from {found.path('T3').parent} "
        f"({type(error).__name__}: {first_line(error)}). Check the files; without [engine] "
        "checkpoint they are downloaded."
    )


def keep_float32(model: Any) -> Any:
    """Let Turbo work with numpy 2, which makes float64 of the reference it has levelled."""
    if hasattr(model, "norm_loudness"):
        original = model.norm_loudness
        model.norm_loudness = lambda *args, **kwargs: original(*args, **kwargs).astype("float32")
    return model
