"""What is told of models on the disk: it travels between the engine worker and the commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.speech.choice import Choice
from bot.speech.types import ChatterboxModel

FileState = Literal["ok", "damaged", "missing", "unclear", "unknown"]
"""damaged: its checksum is wrong. missing: the model cannot be loaded without it. unclear: it is
one of several that could be the same part. unknown: nothing says what is right."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """How much of a model is in the hub's cache.

    complete: whether it can be loaded without a download.
    stored_bytes: of its files that are there.
    unfinished_bytes: of its downloads that broke off.
    revisions: the commit of each repository that is or would be used; None where the first download
    decides.
    directory: where its T3 is, or would be.
    problem: what keeps it from being complete though files of it are there; else empty.
    lacking: what is not there of what not all of it needs, such as what only Chinese does.
    """

    name: ChatterboxModel
    complete: bool
    stored_bytes: int
    unfinished_bytes: int
    revisions: Mapping[str, str | None]
    directory: str
    problem: str = ""
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All models, and what `auto` takes here.

    choice: None where the machine could not be read; then `problem` says why.
    """

    models: tuple[StoredModel, ...]
    choice: Choice | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file and what is known of it. name: of a missing one all those that it may have."""

    name: str
    path: str
    size: int
    state: FileState

    @property
    def is_fault(self) -> bool:
        """Whether the model cannot be loaded as it was published because of this file."""
        return self.state in ("damaged", "missing", "unclear")


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a model does. freed_bytes: on the disk.

    files: what goes. kept: files that stay, each with the models that need it. unclear: files that
    stay because it is not clear whether they are the model's.
    """

    files: tuple[str, ...]
    freed_bytes: int
    kept: Mapping[str, tuple[ChatterboxModel, ...]]
    unclear: tuple[str, ...] = ()
