"""Removing a model from the cache, but for what another model needs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.speech.engines.chatterbox.hub.advice import explained
from bot.speech.engines.chatterbox.hub.inventory import model_files, parts
from bot.speech.engines.chatterbox.hub.repository import (
    NEWEST,
    NOTED,
    PART_SUFFIX,
    WISHES_SUFFIX,
    CachedRepository,
    cached,
    content_of,
    former,
    wish,
    wishes,
)
from bot.speech.models import MODELS, Model
from bot.speech.stored_models import Removal
from bot.speech.types import ChatterboxModel

LOCK_SECONDS = 0.1
"""How long a download that another process is at is waited for before it is left alone."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes from one repository: names, then contents that nothing points to any more."""

    repository: CachedRepository
    names: tuple[Path, ...]
    contents: tuple[Path, ...]


@explained
def plan_removal(model: Model) -> Removal:
    """Return what `remove` would do."""
    return _summary(model, _plans(model))


@explained
def remove(model: Model) -> Removal:
    """Remove a model's files, but for those of another that is complete or on its way.

    What is loaded goes on being used by the process that loaded it.
    """
    plans = _plans(model)
    summary = _summary(model, plans)
    for plan in plans:
        # A name without its content is found again where this ends halfway, a content is not.
        for path in (*plan.contents, *plan.names):
            path.unlink(missing_ok=True)
        for part in plan.repository.parts():
            if model.name in wishes(part):
                wish(part, wishes(part) - {model.name})
        _tidy(plan.repository)
    return summary


def _plans(model: Model) -> list[_Plan]:
    kept = _kept(model)
    return [_plan(model, CachedRepository(source), kept) for source in model.sources]


def _plan(model: Model, repository: CachedRepository, kept: Iterable[Path]) -> _Plan:
    names = [
        path
        for commit in repository.commits()
        for path in repository.files(model, commit).values()
        if path not in kept
    ]
    names += [p for commit in repository.commits() for p in repository.dangling(model, commit)]
    pointers = [p for p in (repository.folder / "snapshots").glob("*/*") if p not in names]
    needed = {content_of(pointer) for pointer in pointers}
    contents = {content for content in map(content_of, names) if content is not None} - needed
    own = (part for part in parts(model, repository) if not wishes(part) - {model.name})
    contents |= {part for part in own if _idle(repository, part)}
    return _Plan(repository, tuple(names), tuple(contents))


def _kept(model: Model) -> dict[Path, tuple[ChatterboxModel, ...]]:
    """Return the files of other models that are complete or on their way, with these models."""
    kept: dict[Path, tuple[ChatterboxModel, ...]] = {}
    for other in MODELS.values():
        if other is not model and (cached(other) or former(other) or _is_begun(other)):
            for path in model_files(other):
                kept[path] = (*kept.get(path, ()), other.name)
    return kept


def _summary(model: Model, plans: Iterable[_Plan]) -> Removal:
    plans = list(plans)
    freed = {p: p.stat().st_size for plan in plans for p in (*plan.contents, *plan.names)
             if not p.is_symlink() and p.exists()}  # fmt: skip
    own = {
        path
        for source in model.sources
        for commit in CachedRepository(source).commits()
        for path in CachedRepository(source).files(model, commit).values()
    }
    kept = {path.name: names for path, names in _kept(model).items() if path in own}
    files = sorted({path.name for plan in plans for path in plan.names})
    return Removal(tuple(files), sum(freed.values()), kept, tuple(sorted(_unclear(model))))


def _unclear(model: Model) -> set[str]:
    repositories = map(CachedRepository, model.sources)
    return {
        str(repository.snapshot(commit) / name)
        for repository in repositories
        for commit in repository.commits()
        for error in model.unclear(repository.names(commit), repository.source).values()
        for name in error.names
    }


def _is_begun(model: Model) -> bool:
    """Whether a download of this model broke off, or is going on."""
    repositories = map(CachedRepository, model.sources)
    return any(model.name in wishes(part) for r in repositories for part in r.parts())


def _idle(repository: CachedRepository, part: Path) -> bool:
    """Whether no process is downloading this."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    try:
        with WeakFileLock(repository.lock(part.name.split(".")[0]), timeout=LOCK_SECONDS):
            return True
    except Timeout:
        return False


def _tidy(repository: CachedRepository) -> None:
    """Remove what is empty, and the notes on a repository that is."""
    folder = repository.folder
    for note in (folder / "blobs").glob(f"*{PART_SUFFIX}{WISHES_SUFFIX}"):
        if not note.with_suffix("").exists():
            note.unlink(missing_ok=True)
    for directory in (folder / "snapshots").glob("*"):
        with contextlib.suppress(OSError):  # another file is there
            directory.rmdir()
    if any((folder / "snapshots").glob("*")) or any((folder / "blobs").glob("*")):
        return
    for name in (NOTED, NEWEST):
        (folder / "refs" / name).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
