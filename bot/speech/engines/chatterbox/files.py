"""Which models there are, and the files of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EngineDeadError
from bot.speech.types import ChatterboxModel

_Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model's class is, which files `from_local` reads, which references it takes.

    tokenizers: sets of files, any one of which makes the tokenizer together with `files`.
    optional: what is read where it is there.
    """

    module: str
    class_name: str
    files: _Names
    tokenizers: tuple[_Names, ...] = ((),)
    optional: _Names = ()
    min_reference_seconds: float = 0.0

    def missing(self, names: Collection[str]) -> list[str]:
        """Return what a directory or repository with these files lacks."""
        missing = [name for name in self.files if name not in names]
        if not any(set(names).issuperset(tokenizer) for tokenizer in self.tokenizers):
            missing.append(" or ".join(" with ".join(tokenizer) for tokenizer in self.tokenizers))
        return missing

    def choose(self, names: Collection[str]) -> list[str]:
        """Return which of these files to download, the small ones first."""
        tokenizer = [name for files in self.tokenizers for name in files]
        return [name for name in (*self.optional, *tokenizer, *self.files) if name in names]

    def require_in(self, directory: Path, model: ChatterboxModel) -> None:
        """Raise `EngineDeadError` that names what the directory lacks."""
        if not directory.is_dir():
            raise EngineDeadError(
                f"There is no directory {directory}. Set [engine] checkpoint to the directory with "
                f"the files of the {model} model, or remove it to download them."
            )
        missing = self.missing([path.name for path in directory.iterdir() if path.is_file()])
        if missing:
            raise EngineDeadError(
                f"{directory} is not a checkpoint of the {model} model: it has no "
                f"{', '.join(missing)}. Set [engine] checkpoint to the directory with these files, "
                "or remove it to download them."
            )


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
        tokenizers=(("vocab.json", "merges.txt"), ("tokenizer.json",)),
        optional=("added_tokens.json", "special_tokens_map.json"),
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
        # How Chinese characters are written in the tokenizer's letters.
        optional=("Cangjie5_TC.json",),
    ),
}
