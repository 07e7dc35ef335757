"""A repository's folder in the model hub's usual cache: which revision is used, and its files.

The layout is the hub's: `blobs/` holds contents under their checksums, `snapshots/COMMIT/` names
that point to them, `refs/` what commits are called. So other programs find what is fetched here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.files import write_whole
from bot.speech.models import Model, Source

NEWEST = "main"
"""What the hub calls a repository's newest revision."""

NOTED = "mynah"
"""The ref of the revision that was fetched where the table knows none, or by wish the newest."""

PART_SUFFIX = ".incomplete"

WISHES_SUFFIX = ".mynah"
"""Beside a part: the models that it is downloaded for, each in a line."""


@dataclass(frozen=True, slots=True)
class CachedRepository:
    """What the cache has of a repository."""

    source: Source

    @property
    def folder(self) -> Path:
        """Where it is, whether or not there is anything."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        name = str(repo_folder_name(repo_id=self.source.repository, repo_type="model"))
        return Path(constants.HF_HUB_CACHE, name)

    @property
    def revision(self) -> str:
        """The commit to use: the noted one, else the table's.

        Where the table has none, what is there already; `NEWEST` where there is nothing.
        """
        known = self.source.revision if self.source.revision != NEWEST else self._ref(NEWEST)
        return self._ref(NOTED) or known or NEWEST

    def note(self, commit: str) -> None:
        """Use this commit from now on."""
        path = self.folder / "refs" / NOTED
        if commit == self.source.revision:
            self.forget()  # so that a later Mynah may know a newer one
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, commit.encode())

    def forget(self) -> None:
        """Go back to the table's commit."""
        (self.folder / "refs" / NOTED).unlink(missing_ok=True)

    def snapshot(self, commit: str) -> Path:
        """Return the directory of a commit's files."""
        return self.folder / "snapshots" / commit

    def blob(self, checksum: str) -> Path:
        """Return where a content is kept once it is whole."""
        return self.folder / "blobs" / checksum

    def part(self, checksum: str) -> Path:
        """Return where a content grows while it is downloaded."""
        return self.folder / "blobs" / f"{checksum}{PART_SUFFIX}"

    def parts(self) -> list[Path]:
        """Return what downloads left that broke off."""
        return sorted((self.folder / "blobs").glob(f"*{PART_SUFFIX}"))

    def lock(self, checksum: str) -> Path:
        """Return the lock of a content, the hub's own; its directory is there."""
        directory = self.folder.parent / ".locks" / self.folder.name
        directory.mkdir(parents=True, exist_ok=True)
        return directory / f"{checksum}.lock"

    def names(self, commit: str) -> list[str]:
        """Return the files that are there of a commit; raises OSError if they cannot be read."""
        directory = self.snapshot(commit)
        # A name whose content was deleted points to nothing.
        return [p.name for p in directory.iterdir() if p.is_file()] if directory.is_dir() else []

    def files(self, model: Model, commit: str) -> dict[str, Path]:
        """Return this repository's files of a model, by name; some, where not all are there.

        Those of which it is not clear whether they are the model's are left out.
        """
        directory = self.snapshot(commit)
        names = self.names(commit)
        return {name: directory / name for name in model.choose(names, self.source)}

    def dangling(self, model: Model, commit: str) -> list[Path]:
        """Return the model's names whose content was deleted."""
        directory = self.snapshot(commit)
        if not directory.is_dir():
            return []
        dangling = [path.name for path in directory.iterdir() if not path.exists()]
        return [directory / name for name in model.choose(dangling, self.source)]

    def complete(self, model: Model, commit: str) -> bool:
        """Whether the cache has what the model needs of this repository."""
        return model.is_complete(self.names(commit), self.source)

    def commits(self) -> Iterator[str]:
        """Yield the commits that Mynah takes files from, the one to use first.

        The last is what another program, or an older Mynah, fetched as the newest.
        """
        table = self.source.revision if self.source.revision != NEWEST else None
        yield from dict.fromkeys(filter(None, (self.revision, table, self._ref(NEWEST))))

    def point(self, commit: str, name: str, blob: Path) -> Path:
        """Let a name of a commit point to its content, and return its path."""
        pointer = self.snapshot(commit) / name
        pointer.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was quicker
            pointer.unlink(missing_ok=True)
            pointer.symlink_to(os.path.relpath(blob, pointer.parent))
        return pointer

    def _ref(self, name: str) -> str | None:
        try:
            return (self.folder / "refs" / name).read_text(encoding="ascii").strip() or None
        except (OSError, ValueError):
            return None


def wishes(part: Path) -> frozenset[str]:
    """Return the models that a part is downloaded for; none where nobody noted them."""
    try:
        return frozenset(_wishes_file(part).read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return frozenset()


def wish(part: Path, models: Collection[str]) -> None:
    """Note the models that a part is downloaded for; none: nobody wants it."""
    if models:
        _wishes_file(part).write_text("\n".join(sorted(models)) + "\n", encoding="utf-8")
    else:
        _wishes_file(part).unlink(missing_ok=True)


def _wishes_file(part: Path) -> Path:
    return part.with_name(part.name + WISHES_SUFFIX)


def content_of(pointer: Path) -> Path | None:
    """Return the content in `blobs/` that a name points to; None for a copy.

    That may itself point into a store that the hub's library shares between repositories, where
    contents have other names.
    """
    if not pointer.is_symlink():
        return None
    return Path(os.path.normpath(pointer.parent / pointer.readlink()))


def cached(model: Model) -> list[Path] | None:
    """Return the directories of a model's sources if all that it needs is there, else None."""
    return _gather(model, lambda repository: repository.revision)


def former(model: Model) -> list[Path] | None:
    """Return what `cached` does, of whatever revisions there are."""

    def choose(repository: CachedRepository) -> str | None:
        return next((c for c in repository.commits() if repository.complete(model, c)), None)

    return _gather(model, choose)


def lacking(model: Model) -> list[str]:
    """Return what is not there, at the revisions to use, of the files that not all of it needs."""
    return [
        part.wanted
        for repository in map(CachedRepository, model.sources)
        for part in model.parts_of(repository.source)
        if not part.required and not part.find(repository.names(repository.revision))
    ]


def _gather(model: Model, choose: Callable[[CachedRepository], str | None]) -> list[Path] | None:
    directories = []
    for source in model.sources:
        repository = CachedRepository(source)
        commit = choose(repository)
        if commit is None or not repository.complete(model, commit):
            return None
        directories.append(repository.snapshot(commit))
    return directories
