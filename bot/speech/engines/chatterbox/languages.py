"""What Chinese and Japanese need besides the weights, and what is said where it is missing.

Stock's multilingual tokenizer asks the network at every load for two tables that only Chinese
needs, cannot be loaded without the second one, and reads on without the first or a package:
characters it does not know then have no sound.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
from pathlib import Path
from typing import Any

from bot.errors import UserError
from bot.i18n import Translatable

log = logging.getLogger(__name__)

CANGJIE = "Cangjie5_TC.json"
"""How Chinese characters are written in the tokenizer's letters; a file of the checkpoint."""

SEGMENTER = "spacy_ontonotes"
"""Where Chinese words end, for spacy-pkuseg: a directory of its own."""

_TOKENIZER = "chatterbox.models.tokenizers.tokenizer"


def prepare(*, online: bool, table: Path | None = None) -> None:
    """Let the multilingual tokenizer find its tables beside the model. Call before loading one.

    online: whether it may download the one that is on no model hub, once. table: where the other
    one is, if not beside the model.
    """
    tokenizer = importlib.import_module(_TOKENIZER)
    vars(tokenizer)["hf_hub_download"] = functools.partial(_local_file, table)
    converter = tokenizer.ChineseCangjieConverter
    converter._load_cangjie_mapping = _noting_directory(converter._load_cangjie_mapping)
    converter._init_segmenter = functools.partialmethod(_open_segmenter, online=online)


def require(tokenizer: Any, code: str) -> None:
    """Raise `UserError`, which says what is missing, if a language cannot be read as it should."""
    if code == "zh" and not tokenizer.cangjie_converter.word2cj:
        raise UserError(
            Translatable(
                "Chinese cannot be spoken here: the model has no {file}. Whoever runs this bot can "
                "put that file beside the model's other files and restart it.",
                file=CANGJIE,
            )
        )
    if code == "ja" and importlib.util.find_spec("pykakasi") is None:
        raise UserError(
            Translatable(
                "Japanese cannot be spoken here: the package pykakasi is not installed. Whoever "
                "runs this bot can run `make install-chatterbox`."
            )
        )
    if code == "zh" and tokenizer.cangjie_converter.segmenter is None:
        _warn_once(tokenizer.cangjie_converter)


def _local_file(table: Path | None, *, filename: str, cache_dir: str | Path, **_others: Any) -> str:
    """In place of `hf_hub_download`; stock logs the error."""
    path = table or Path(cache_dir) / filename
    if not path.is_file():
        raise FileNotFoundError(f"Chinese will be refused, because there is no {path}")
    return str(path)


def _noting_directory(load: Any) -> Any:
    if hasattr(load, "__wrapped__"):
        return load  # prepared before

    @functools.wraps(load)
    def noting(converter: Any, model_dir: Path) -> None:
        converter.model_dir = Path(model_dir)
        load(converter, model_dir)

    return noting


def _open_segmenter(converter: Any, *, online: bool) -> None:
    converter.segmenter = None
    try:
        pkuseg = importlib.import_module("spacy_pkuseg").pkuseg
        home = importlib.import_module("spacy_pkuseg.config").config.pkuseg_home
        places = [converter.model_dir / SEGMENTER, Path(home) / SEGMENTER]
        found = next((place for place in places if (place / "weights.npz").is_file()), None)
        if found is not None:
            converter.segmenter = pkuseg(str(found))
        elif online:
            converter.segmenter = pkuseg()
    except Exception as error:  # of the network, the archive, the files or the package
        log.info("no Chinese word segmenter (%s: %s)", type(error).__name__, error)


def _warn_once(converter: Any) -> None:
    if not getattr(converter, "warned", False):
        converter.warned = True
        log.warning(
            "Chinese is spoken without word boundaries, unlike what the model has learned: unpack "
            "%s.zip of the package spacy-pkuseg's releases into %s",
            SEGMENTER,
            converter.model_dir / SEGMENTER,
        )
