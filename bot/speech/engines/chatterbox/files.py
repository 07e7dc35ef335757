"""Where the files of a model are, in a directory or in what was downloaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bot.errors import EngineDeadError
from bot.speech.models import MODELS, Model, Part
from bot.speech.types import ChatterboxModel

WEIGHTS = ("voice encoder", "T3", "S3Gen")
"""The roles of the parts that hold tensors."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model whose files are all there.

    paths: of each part that is there, in the order of its names.
    note: what is to be known of it, such as that it is not the model that was asked for.
    """

    model: Model
    paths: tuple[tuple[Part, tuple[Path, ...]], ...]
    note: str = ""

    def path(self, role: str) -> Path:
        """Return the first file of the first part of this role."""
        return next(paths[0] for part, paths in self.paths if part.role == role)

    def named(self, name: str) -> Path | None:
        """Return the file of this name if the model has it."""
        everything = (path for _, paths in self.paths for path in paths)
        return next((path for path in everything if path.name == name), None)

    @property
    def weights(self) -> dict[str, int]:
        """The bytes of the files of tensors, by name."""
        files = [path for part, paths in self.paths if part.role in WEIGHTS for path in paths]
        return {path.name: path.stat().st_size for path in files}


def find_in(directories: Sequence[Path], model: Model) -> FoundModel:
    """Return the model whose parts lie in these directories, each part in one of them.

    Raises `EngineDeadError` that names what is missing or not unique.
    """
    found = []
    for part in model.parts:
        paths = _paths(part, directories)
        if paths:
            found.append((part, paths))
        elif part.required:
            raise EngineDeadError(_lacking(directories[0], model, [part.wanted]))
    return FoundModel(model, tuple(found))


def find_checkpoint(directory: Path, name: ChatterboxModel) -> FoundModel:
    """Return the model in the directory that `[engine] checkpoint` names.

    It is another one than asked for where only that one is there and may stand in for it.
    Raises `EngineDeadError` that names what the directory lacks.
    """
    model = MODELS[name]
    if not directory.is_dir():
        raise EngineDeadError(
            f"There is no directory {directory}. Set [engine] checkpoint to the directory with "
            f"the files of the {name} model, or remove it to download them."
        )
    names = _names(directory)
    try:
        missing = model.missing(names)
        if missing and model.otherwise and not MODELS[model.otherwise].missing(names):
            return _instead(directory, model, MODELS[model.otherwise])
    except ValueError as error:
        raise EngineDeadError(
            f"{directory} is no checkpoint of the {name} model: {error}. Move the others elsewhere."
        ) from None
    if missing:
        raise EngineDeadError(_lacking(directory, model, missing) + _what_is_there(names))
    return find_in([directory], model)


def models_in(directory: Path) -> list[ChatterboxModel]:
    """Return the models that a directory holds, in the order of the table.

    A T3 tells which by its name, so one whose name is not known makes no model. Where no model is
    complete, it is those of which there is a T3, so that loading names what they lack; none where
    there is no T3, or no directory.
    Raises `EngineDeadError` where only the configuration can tell which model it is.
    """
    if not directory.is_dir():
        return []
    names = _names(directory)
    begun = [model for model in MODELS.values() if model.t3 in names]
    complete = [model for model in begun if model.is_complete(names)]
    unknown = _unknown_t3(names)
    if unknown and not complete:
        raise EngineDeadError(
            f"{directory} holds {' and '.join(unknown)}, a name that does not tell which model it "
            f"is. Set [engine] model to the one that it is: {_taking_any_t3()}."
        )
    return [model.name for model in complete or begun]


def _unknown_t3(names: Collection[str]) -> list[str]:
    """Return the files that may be the T3 of a finetune, by names that no model has."""
    known = {model.t3 for model in MODELS.values()}
    patterns = {c for m in MODELS.values() for (c, *_) in m.part("T3").choices[1:]}
    return sorted(n for n in names if n not in known and any(fnmatchcase(n, p) for p in patterns))


def _taking_any_t3() -> str:
    finetunes = [m.name for m in MODELS.values() if len(m.part("T3").choices) > 1]
    return " or ".join(f'"{name}"' for name in finetunes)


def _names(directory: Path) -> list[str]:
    try:
        return [path.name for path in directory.iterdir() if path.is_file()]
    except OSError as error:
        raise EngineDeadError(
            f"{directory}, which [engine] checkpoint names, cannot be read ({error.strerror}). "
            "Let Mynah's user read it, or set another directory."
        ) from None


def _instead(directory: Path, wanted: Model, there: Model) -> FoundModel:
    found = find_in([directory], there)
    note = (
        f"{directory} holds {there.t3} and no {wanted.t3}, so it is the {there.name} model that "
        f"speaks, not {wanted.name}"
    )
    return FoundModel(there, found.paths, note)


def _paths(part: Part, directories: Sequence[Path]) -> tuple[Path, ...]:
    for directory in directories:
        names = part.find([path.name for path in directory.iterdir() if path.is_file()])
        if names:
            return tuple(directory / name for name in names)
    return ()


def _lacking(directory: Path, model: Model, missing: Sequence[str]) -> str:
    return (
        f"{directory} is not a checkpoint of the {model.name} model: it has no "
        f"{', '.join(missing)}. Set [engine] checkpoint to the directory with these files, or "
        "remove it to download them."
    )


def _what_is_there(names: Collection[str]) -> str:
    there = [model for model in MODELS.values() if model.t3 in names]
    others = " or ".join(f'"{model.name}"' for model in there if model.is_complete(names))
    return f" What is there is a checkpoint for [engine] model = {others}." if others else ""
