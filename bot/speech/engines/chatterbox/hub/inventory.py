"""Looking at what the cache has of the models: how much of each, and whether it is whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bot.speech.engines.chatterbox.hub.advice import explained, unusable
from bot.speech.engines.chatterbox.hub.checksum import is_checksum, matches
from bot.speech.engines.chatterbox.hub.repository import (
    NEWEST,
    CachedRepository,
    cached,
    content_of,
    former,
    lacking,
    wishes,
)
from bot.speech.models import MODELS, Model
from bot.speech.stored_models import CheckedFile, FileState, StoredModel


def look_up(model: Model) -> StoredModel:
    """Return how much of a model is there; what keeps it from being read is its problem."""
    try:
        return _look_up(model)
    except OSError as error:
        revisions = {source.repository: None for source in model.sources}
        folder = str(CachedRepository(model.sources[0]).folder)
        return StoredModel(model.name, False, 0, 0, revisions, folder, unusable(model.name, error))


def _look_up(model: Model) -> StoredModel:
    repositories = [CachedRepository(source) for source in model.sources]
    directories = cached(model) or former(model)
    revisions = {r.source.repository: r.revision for r in repositories}
    own = repositories[0]
    return StoredModel(
        model.name,
        complete=directories is not None,
        stored_bytes=sum(path.stat().st_size for path in model_files(model)),
        unfinished_bytes=sum(p.stat().st_size for r in repositories for p in parts(model, r)),
        revisions={name: None if r == NEWEST else r for name, r in revisions.items()},
        directory=str(directories[0] if directories else own.folder),
        problem="" if directories else _unclear(model),
        lacking=tuple(lacking(model)),
    )


@explained
def verify(model: Model, skipped: Collection[str] = ()) -> tuple[CheckedFile, ...]:
    """Return the files of a model, each that is there read whole and compared; also what it lacks.

    Nothing where nothing of it is there. skipped: paths of files that were checked already, for
    another model: what has no others is not there either.
    """
    there = tuple(
        CheckedFile(path.name, str(path), path.stat().st_size, _state(path))
        for path in model_files(model)
        if str(path) not in skipped
    )
    faults = () if cached(model) or former(model) else tuple(_lacking(model))
    return (*there, *faults) if there or any(file.size for file in faults) else ()


@explained
def drop_damaged(model: Model) -> list[str]:
    """Remove the contents whose checksum is wrong, and return the files' names."""
    damaged = [path for path in model_files(model) if _state(path) == "damaged"]
    for path in damaged:
        content = content_of(path)
        assert content is not None  # or nobody could say that it is damaged
        content.unlink()
        path.unlink()
    return [path.name for path in damaged]


def model_files(model: Model) -> list[Path]:
    """Return the paths of a model's files that are there, of the revisions that are used."""
    directories = cached(model) or former(model)
    if directories is not None:
        pairs = zip(model.sources, directories, strict=True)
        return [
            path
            for source, directory in pairs
            for path in CachedRepository(source).files(model, directory.name).values()
        ]
    return [path for source in model.sources for path in _some(model, CachedRepository(source))]


def parts(model: Model, repository: CachedRepository) -> list[Path]:
    """Return what downloads of a model left that broke off.

    What nobody noted is the model's where no other has files of its own in its repository.
    """
    found = repository.parts()
    unknown = repository.source == model.sources[0] and not _is_shared(model, repository)
    return [part for part in found if model.name in wishes(part) or (unknown and not wishes(part))]


def _is_shared(model: Model, repository: CachedRepository) -> bool:
    own = {*_some(model, repository)}
    return any(
        set(_some(other, repository)) - own
        for other in MODELS.values()
        if other is not model and repository.source in other.sources
    )


def _some(model: Model, repository: CachedRepository) -> list[Path]:
    commit = _begun(repository)
    return list(repository.files(model, commit).values()) if commit is not None else []


def _begun(repository: CachedRepository) -> str | None:
    """Return the first commit of which something is there."""
    return next((c for c in repository.commits() if repository.names(c)), None)


def _lacking(model: Model) -> Iterator[CheckedFile]:
    """Yield what keeps a model from being complete."""
    for repository in map(CachedRepository, model.sources):
        commit = _begun(repository)
        names = repository.names(commit) if commit is not None else []
        directory = repository.snapshot(commit) if commit is not None else repository.folder
        unclear = model.unclear(names, repository.source)
        for part in model.parts_of(repository.source):
            if part in unclear:
                for path in (directory / name for name in unclear[part].names):
                    yield CheckedFile(path.name, str(path), path.stat().st_size, "unclear")
            elif part.required and not part.find(names):
                path = directory / part.choices[0][0]
                yield CheckedFile(part.wanted, str(path), 0, "missing")


def _unclear(model: Model) -> str:
    """Return which files of a model are not clear, in words."""
    found = [
        str(error)
        for repository in map(CachedRepository, model.sources)
        if (commit := _begun(repository)) is not None
        for error in model.unclear(repository.names(commit), repository.source).values()
    ]
    return "; ".join(found)


def _state(path: Path) -> FileState:
    content = content_of(path)
    if content is None or not is_checksum(content.name):
        return "unknown"  # another program, or another file system, copied it there
    return "ok" if matches(content, content.name) else "damaged"
